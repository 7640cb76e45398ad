/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of modes. modes.c has all of them, and the gateway; modes_static.c, for the program that is linked statically
 * (sys/library.h), the run (and --help, --version), so that the rest is not in the memory of every jail. */
#ifndef AGENTJAIL_CLI_MODES_H
#define AGENTJAIL_CLI_MODES_H

#include "profile/request.h"

typedef int mode_main(const struct policy_request *request);

/* First of all: if this process is to be the gateway it is that, and does not come back. */
void modes_begin(int argc, char **argv);

/* What carries the mode out and returns the exit status, or NULL if this program does not have it. */
mode_main *mode_find(enum mode mode);

#endif
