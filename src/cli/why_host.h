/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --why for a host: may it be reached at that port, by which line, and what line would change that. */
#ifndef AGENTJAIL_CLI_WHY_HOST_H
#define AGENTJAIL_CLI_WHY_HOST_H

#include <stdbool.h>

#include "base/buf.h"
#include "profile/policy.h"

/* Is this meant as a host: has it a scheme or a port ("udp://a.example:123", "10.0.0.1:22"), or is it an address, or a name
 * with a dot that no command on PATH has? */
bool why_is_host(const char *subject);

/* Write the answer to out, as JSON if json. 0 or -errno with a line in why. */
int why_host(const struct policy *policy, const char *subject, bool json, struct buf *out, struct buf *why);

#endif
