/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail in bubblewrap's place. */
#ifndef AGENTJAIL_BWRAP_RUN_H
#define AGENTJAIL_BWRAP_RUN_H

#include <stdbool.h>

/* True if we were called as bwrap, or with --bwrap first. */
bool bwrap_called(int argc, char *const *argv);

/* Do what bubblewrap does with this command line. Returns its exit status: the command's, 1 if there is none. */
int bwrap_main(int argc, char **argv);

#endif
