/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a run would be. */
#ifndef AGENTJAIL_CLI_DRY_RUN_H
#define AGENTJAIL_CLI_DRY_RUN_H

struct policy_request;

/* --dry-run: print the steps; as JSON if asked for. Exit status. */
int run_dry_main(const struct policy_request *request);

/* --explain: print what would be allowed, by which rule and fence; as JSON if asked for. Exit status. */
int run_explain_main(const struct policy_request *request);

#endif
