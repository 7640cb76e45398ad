/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --list: the jails that run. */
#ifndef AGENTJAIL_CLI_LIST_H
#define AGENTJAIL_CLI_LIST_H

struct policy_request;

/* Returns agentjail's exit status. */
int list_main(const struct policy_request *request);

#endif
