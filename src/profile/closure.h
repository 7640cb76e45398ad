/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The closure of a command: all that it takes to run it, wherever the user has installed it. */
#ifndef AGENTJAIL_PROFILE_CLOSURE_H
#define AGENTJAIL_PROFILE_CLOSURE_H

#include "profile/merge.h"

/* Grant, read-only and with exec, what the command (argv[0]; NULL: none) needs and the policy does not show: the symlinks
 * that lead to it, the package that it is part of, its interpreter and loader with theirs. Sets policy->command_path and
 * adds to policy->path_dirs when something had to be granted. After the profile's own grants are known, before ceilings:
 * these bound it as they bound the user.
 *
 * 0 also if there is no such command. -EPERM with a message for programs that cannot work in a jail, as they have a
 * service outside start the program proper or need a setuid bit. */
int closure_add(struct merge *m, const char *command);

#endif
