/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user allowed when asked, kept for later runs: NAME.d/asked.ini beside the user's own profiles, which every run of
 * the profile reads behind the profile itself. */
#ifndef AGENTJAIL_MONITOR_DROP_IN_H
#define AGENTJAIL_MONITOR_DROP_IN_H

#include <stdint.h>

#include "base/buf.h"
#include "profile/policy.h"

/* Does the profile read what drop_in_allow() writes? */
bool drop_in_possible(const struct policy *policy);

/* The file's path, into out. 0 or -ENOMEM. */
int drop_in_path(const struct policy *policy, struct buf *out);

/* Append one line for people: where such a line of [network] ("allow = RULE") or [files] ("unprotect = NAME") is kept for
 * later runs, and the option that does for one run. Safe for a terminal. 0 or -ENOMEM. */
int drop_in_tell(const struct policy *policy, const char *line, struct buf *out);

/* Add "allow = NAME[:PORT]" to it; name is canonical. What stands in the file stays; it is replaced as a whole. 0 (also if
 * the line is there already), -EINVAL for what is no plain name, or -errno, with a line for people in why. */
int drop_in_allow(const struct policy *policy, const char *name, uint16_t port, struct buf *why);

#endif
