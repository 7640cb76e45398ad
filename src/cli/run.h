/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modes that resolve a policy for a command: run it, print the steps (--dry-run), print what is allowed (--explain). */
#ifndef AGENTJAIL_CLI_RUN_H
#define AGENTJAIL_CLI_RUN_H

struct policy_request;

/* Each returns agentjail's exit status. */
int run_main(const struct policy_request *request);
int run_dry_main(const struct policy_request *request);
int run_explain_main(const struct policy_request *request);

#endif
