/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying settings from one home to another: regular files and directories, nothing special, no more than settings take. */
#ifndef AGENTJAIL_HOME_COPY_TREE_H
#define AGENTJAIL_HOME_COPY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most that one run copies. */
enum { COPY_FILES_MAX = 2000, COPY_BYTES_MAX = 32 << 20, COPY_DEPTH_MAX = 12 };

/* What has been copied so far; all zero at first. */
struct copy_tree {
    bool credentials; /* names of credentials are copied, and what is there is replaced; else they are left out */
    size_t n_files;
    size_t n_left; /* left out: symlinks, devices, sockets, credentials */
    uint64_t bytes;
};

/* Copy the open file or directory in to the place below (a relative path) of the directory to, which somebody hostile may
 * write: nothing is followed there, what is there already stays unless copy->credentials. Inside in symlinks are left out.
 * Owners are the caller's, modes 0600, 0700 where the owner may execute. 0; -errno, and *ret_problem may say it better. */
int copy_tree(struct copy_tree *copy, int in, int to, const char *below, const char **ret_problem);

#endif
