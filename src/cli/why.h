/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --why: what the payload may do with a path, which profile a command gets and whether it can be run, whether a
 * host can be reached; by which line, and what line would change that. */
#ifndef AGENTJAIL_CLI_WHY_H
#define AGENTJAIL_CLI_WHY_H

struct policy_request;

/* Returns agentjail's exit status. */
int why_main(const struct policy_request *request);

#endif
