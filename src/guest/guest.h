/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the guest's first process. */
#ifndef AGENTJAIL_GUEST_GUEST_H
#define AGENTJAIL_GUEST_GUEST_H

#include <stdbool.h>
#include <sys/types.h>

struct guest_config;

/* Load the modules of /modules, in the order of their names. 0 or -errno with what in ret_what. */
int guest_load_modules(const char **ret_what);

/* The port to the keeper, which does not block. An fd or -errno. */
int guest_open_port(void);

/* Mount the share, what of the kernel's belongs over it, and make it the root. 0 or -errno with what in ret_what. */
int guest_enter_root(const struct guest_config *config, const char **ret_what);

/* The command's ends of its standard files, and ours. */
struct guest_files {
    int theirs[3];
    int ours[3];  /* -1: goes by the terminal of another */
    int terminal; /* the pty's master, or -1 */
};

/* Make them. 0 or -errno. */
int guest_make_files(const struct guest_config *config, struct guest_files *ret);

/* Start the command behind every fence. *ret_error is 0, or why execve(2) failed, or a fence with *ret_what. Its pid, or
 * -errno. */
pid_t guest_start_command(const struct guest_config *config, struct guest_files *files, int *ret_error, const char **ret_what);

#endif
