/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modes about profiles as files: --profiles (which there are), --show (what one comes to), --check (what is wrong with
 * one). */
#ifndef AGENTJAIL_CLI_PROFILES_H
#define AGENTJAIL_CLI_PROFILES_H

struct policy_request;

/* --profiles. agentjail's exit status: 0, or 125, said why. */
int profiles_main(const struct policy_request *request);

/* --show=PROFILE. The same. */
int show_main(const struct policy_request *request);

/* --check=FILE. 0 without mistakes, 1 with some, all of them printed; 125 if it could not be looked at, said why. */
int check_main(const struct policy_request *request);

#endif
