/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts by file descriptor (the kernel's new mount API), and mount points below a root. */
#ifndef AGENTJAIL_JAIL_MOUNTS_H
#define AGENTJAIL_JAIL_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One option of a new file system. */
struct mount_option {
    const char *key;
    const char *value; /* NULL: a flag */
};

/* A new, detached mount of a file system with attributes MOUNT_ATTR_*; its fd or -errno. */
int mount_new(const char *type, const struct mount_option *options, size_t n, uint64_t attributes);

/* A detached copy of what fd (O_PATH) shows, with everything mounted below it, private; attributes set go on and those
 * in clear go off, recursively. Its fd or -errno. */
int mount_clone(int fd, uint64_t set, uint64_t clear);

/* Attach a detached mount at target (an O_PATH fd). 0 or -errno. */
int mount_attach(int mount, int target);

/* What a mount point must be. */
enum point_kind { POINT_DIRECTORY, POINT_FILE, POINT_ANY };

/* Where mount points may be made. */
struct point_rules {
    int root;
    bool no_symlinks;
    const uint64_t *own_mounts; /* ids of the mounts that are the jail's own */
    size_t n_own;
};

/* Open the mount point path (absolute, as seen from rules->root), making what is missing if it lies on one of the own
 * mounts: directories with mode 0755, a file with mode 0444. O_PATH fd or -errno; -EROFS: it is missing on a file
 * system of the host's, where nothing is ever made. */
int point_open(const struct point_rules *rules, const char *path, enum point_kind kind);

/* Open (making it) the directory that holds path, and its last component, which lies within path. */
int point_open_parent(const struct point_rules *rules, const char *path, const char **ret_name);

#endif
