/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --kill: end a jail, or all, whatever state it is in. */
#ifndef AGENTJAIL_CLI_KILL_H
#define AGENTJAIL_CLI_KILL_H

struct policy_request;

/* Returns agentjail's exit status: 0 when no process of the jails is left. */
int kill_main(const struct policy_request *request);

#endif
