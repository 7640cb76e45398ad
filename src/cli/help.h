/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --help, from the option table. */
#ifndef AGENTJAIL_CLI_HELP_H
#define AGENTJAIL_CLI_HELP_H

#include <stdio.h>

/* Print it, at most 80 columns wide. 0 or -errno. */
int help_print(FILE *out);

struct policy_request;

/* --help, on standard output. Exit status: 0, or 125 if it cannot be written. */
int help_main(const struct policy_request *request);

/* --version, as --help. */
int version_main(const struct policy_request *request);

#endif
