/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --freeze and --thaw: stop everything of a jail's command, and let it run again. */
#ifndef AGENTJAIL_CLI_FREEZE_H
#define AGENTJAIL_CLI_FREEZE_H

struct policy_request;

/* --freeze=ID|all. agentjail's exit status: 0 when all the jails named are frozen, 1 if one is not. */
int freeze_main(const struct policy_request *request);

/* --thaw=ID|all. agentjail's exit status: 0 when all the jails named run again, 1 if one does not. */
int thaw_main(const struct policy_request *request);

#endif
