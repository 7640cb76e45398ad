/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts by file descriptor (the kernel's new mount API), and mount points below a root. */
#ifndef AGENTJAIL_JAIL_MOUNTS_H
#define AGENTJAIL_JAIL_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A new, detached tmpfs without any access, read-only: what hides a directory. Its fd or -errno. */
int mount_nothing(void);

/* A new, detached tmpfs: mode of its root, size in bytes (0: the kernel's default), an SELinux context or NULL, attributes
 * MOUNT_ATTR_*. Its fd or -errno. */
int mount_tmpfs(mode_t mode, uint64_t size, const char *label, uint64_t attributes);

/* Mount a new file system at target (an O_PATH fd) with flags SYS_MS_* and mount(2)'s data (may be NULL). One call of
 * the old API does what takes five of the new one. The target is named through /proc/self/fd, so the host's or the
 * jail's procfs must be at /proc. 0 or -errno. */
int mount_new(const char *type, int target, unsigned long flags, const char *data);

/* A detached copy of what fd (O_PATH) shows, with everything mounted below it, private; attributes set go on and those
 * in clear go off, recursively. Its fd or -errno. */
int mount_clone(int fd, uint64_t set, uint64_t clear);

/* The same of what lies at path now; a symlink there is not followed. */
int mount_clone_path(const char *path, uint64_t set);

/* The same, but what the host mounts below it later shows up in it, too. */
int mount_clone_slave(int fd, uint64_t set);

/* Attach a detached mount at target (an O_PATH fd). 0 or -errno. */
int mount_attach(int mount, int target);

/* The directory in which the last mount point lay: they come sorted, so the next often lies there too. */
struct point_cache {
    int root;   /* the rules' */
    char *path; /* below root; NULL: none; owned */
    int fd;     /* O_PATH */
    int own;    /* as point_own() */
};

#define POINT_CACHE_EMPTY ((struct point_cache){ .fd = -1 })

/* Close and forget what is remembered; the cache is empty then. */
void point_cache_free(struct point_cache *cache);

/* Something was mounted at path below root: what is remembered of it and below is no longer what is seen there. */
void point_cache_forget(struct point_cache *cache, int root, const char *path);

/* What a mount point must be. */
enum point_kind {
    POINT_DIRECTORY,
    POINT_FILE,
    POINT_ANY,
    POINT_LINK, /* as POINT_ANY, but a symlink there is it itself */
};

/* Where mount points may be made. */
struct point_rules {
    int root;
    const char *target; /* the mount point in question, as seen from root */
    bool no_symlinks;
    bool anywhere;  /* on the host's file systems, too */
    mode_t parents; /* mode of directories that are made on the way; 0: 0755 */
    const uint64_t *own_mounts; /* ids of the mounts that are the jail's own */
    size_t n_own;
    struct point_cache *cache;
};

/* Open the mount point path (absolute, as seen from rules->root), making what is missing if it lies on one of the own
 * mounts: directories with mode 0755, a file with mode 0444. O_PATH fd or -errno; -EROFS: it is missing on a file
 * system of the host's, where nothing is ever made. */
int point_open(const struct point_rules *rules, const char *path, enum point_kind kind);

/* Attach a detached mount at path, as point_open() and mount_attach() would. 0 or -errno. */
int point_attach(const struct point_rules *rules, const char *path, enum point_kind kind, int mount);

/* The directory that holds path, made where it is missing, from rules->cache, which keeps the fd; and path's last component,
 * which lies within path. An fd or -errno. */
int point_parent(const struct point_rules *rules, const char *path, const char **ret_name);

/* Open the directory path as point_open() does, but make a missing last component with mode. */
int point_open_directory(const struct point_rules *rules, const char *path, mode_t mode);

/* Open (making it) the directory that holds path, and its last component, which lies within path. */
int point_open_parent(const struct point_rules *rules, const char *path, const char **ret_name);

/* 0 if dir (O_PATH) lies on one of the own mounts, -EROFS if on the host's, or another -errno. */
int point_own(const struct point_rules *rules, int dir);

/* A directory of the host's to mount on for a while, until pivot_root(2): O_PATH fd or -errno. */
int point_open_staging(void);

#endif
