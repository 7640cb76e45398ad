/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_CLI_RUN_H
#define AGENTJAIL_CLI_RUN_H

struct policy_request;

/* Run the command in a jail, to its end. Exit status: the command's, or agentjail's. */
int run_main(const struct policy_request *request);

#endif
