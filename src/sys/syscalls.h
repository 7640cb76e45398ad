/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls that our oldest C library lacks, by their own names behind sys_. Each returns what the kernel does, but
 * as -errno instead of -1 and errno. */
#ifndef AGENTJAIL_SYS_SYSCALLS_H
#define AGENTJAIL_SYS_SYSCALLS_H

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef STATX_BASIC_STATS /* musl before 1.2.5 */
#include <linux/stat.h>
/* statx(2): 0, or -1 with errno. */
static inline int statx(int dir, const char *path, int flags, unsigned mask, struct statx *ret)
{
    return (int)syscall(SYS_statx, dir, path, flags, mask, ret);
}
#endif

/* Newer than the build machine's headers may be. */
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#endif
#ifndef MOVE_MOUNT_T_EMPTY_PATH
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#endif

/* mount(2) flags; <sys/mount.h> and <linux/mount.h> cannot be included together with every C library. */
#define SYS_MS_PRIVATE (1UL << 18)
#define SYS_MS_SLAVE (1UL << 19)
#define SYS_MS_REC 16384UL
#define SYS_MS_RDONLY 1UL
#define SYS_MS_NOSUID 2UL
#define SYS_MS_NODEV 4UL
#define SYS_MS_NOEXEC 8UL
#define SYS_MNT_DETACH 2

/* mount(2), flags SYS_MS_*. 0 or -errno. (These are called by number, as not every C library has them.) */
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);

/* umount2(2), flags SYS_MNT_*. 0 or -errno. */
int sys_umount(const char *target, int flags);

/* pivot_root(2). 0 or -errno. */
int sys_pivot_root(const char *new_root, const char *put_old);

/* open_tree(2): with OPEN_TREE_CLONE a detached copy. An fd of the caller's, or -errno. */
int sys_open_tree(int dirfd, const char *path, unsigned flags);

/* open_tree_attr(2), kernel 6.15: the same, with attributes from the begin. An fd of the caller's, or -errno; -ENOSYS where
 * there is none. */
int sys_open_tree_attr(int dirfd, const char *path, unsigned flags, const struct mount_attr *attr);

/* move_mount(2). 0 or -errno. */
int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);

/* mount_setattr(2), kernel 5.12. 0 or -errno. */
int sys_mount_setattr(int fd, const char *path, unsigned flags, const struct mount_attr *attr);

/* fsopen(2): a file system that is being configured. An fd of the caller's, or -errno. */
int sys_fsopen(const char *type, unsigned flags);

/* fsconfig(2). 0 or -errno. */
int sys_fsconfig(int fd, unsigned command, const char *key, const void *value, int aux);

/* fsmount(2): the file system of fd as a detached mount, attributes MOUNT_ATTR_*. An fd of the caller's, or -errno. */
int sys_fsmount(int fd, unsigned flags, unsigned attributes);

/* openat2(2); where a kernel or filter has none, or that is EAGAIN for a "..", the same by walking (sys/walk.h). */
int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t resolve);

/* openat2(2) with O_CREAT and O_CLOEXEC on top of flags: a new file gets mode. */
int sys_openat2_create(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);

/* fork(2) with clone3(2) flags and an optional pidfd; falls back on clone(2) where clone3 is ENOSYS. The child gets
 * 0. */
pid_t sys_fork(uint64_t flags, int *ret_pidfd);

/* pidfd_open(2). An fd of the caller's, or -errno. */
int sys_pidfd_open(pid_t pid, unsigned flags);

/* pidfd_send_signal(2) without a siginfo. 0 or -errno. */
int sys_pidfd_send_signal(int pidfd, int signal);

/* close_range(2), both ends included. 0 or -errno. */
int sys_close_range(unsigned first, unsigned last, unsigned flags);

/* The kernel's id of the mount that fd lies on (statx(2), STATX_MNT_ID, kernel 5.8); 0 or -errno. */
int sys_mount_id(int fd, uint64_t *ret_id);

#endif
