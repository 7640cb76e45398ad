/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What messages say of a value that was written somewhere. */
#ifndef AGENTJAIL_PROFILE_ORIGIN_H
#define AGENTJAIL_PROFILE_ORIGIN_H

#include "base/buf.h"
#include "profile/policy.h"

/* True for an option of the command line. */
bool origin_is_option(const struct origin *origin);

/* What stands where it was written, of the two names that it has: key in a file, option on the command line. */
const char *origin_word(const struct origin *origin, const char *key, const char *option);

/* Write "file:line: key: " or "command line: --key: " to why. */
int origin_print(struct buf *why, const struct origin *origin, const char *key);

/* Write what would let the command run without a fence or limit that this host lacks, as "; or write memory = -2G to run
 * without it": the value written at origin, as it is now, and whatever else makes it required. 0 or -ENOMEM. */
int origin_advise(struct buf *why, const struct origin *origin, const struct requirement *required, const char *key,
                  const char *value);

#endif
