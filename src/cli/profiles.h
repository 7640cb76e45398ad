/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modes about profiles as files: --profiles (which there are), --show (what one comes to), --check (what is wrong with
 * one). */
#ifndef AGENTJAIL_CLI_PROFILES_H
#define AGENTJAIL_CLI_PROFILES_H

struct policy_request;

/* Each returns agentjail's exit status. */
int profiles_main(const struct policy_request *request);
int show_main(const struct policy_request *request);
int check_main(const struct policy_request *request);

#endif
