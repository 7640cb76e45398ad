/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/walk.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x00001000U
#endif

#define RESULT(call)                     \
    __extension__({                      \
        long _r = (call);                \
        (int)(_r < 0 ? -errno : _r);     \
    })

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
    return RESULT(syscall(SYS_mount, source, target, type, flags, data));
}

int sys_umount(const char *target, int flags)
{
    return RESULT(syscall(SYS_umount2, target, flags));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
    return RESULT(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
    return RESULT(syscall(SYS_open_tree, dirfd, path, flags));
}

int sys_open_tree_attr(int dirfd, const char *path, unsigned flags, const struct mount_attr *attr)
{
    return RESULT(syscall(SYS_open_tree_attr, dirfd, path, flags, attr, sizeof(*attr)));
}

int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    return RESULT(syscall(SYS_move_mount, from_fd, from, to_fd, to, flags));
}

int sys_mount_setattr(int fd, const char *path, unsigned flags, const struct mount_attr *attr)
{
    return RESULT(syscall(SYS_mount_setattr, fd, path, flags, attr, sizeof(*attr)));
}

int sys_fsopen(const char *type, unsigned flags)
{
    return RESULT(syscall(SYS_fsopen, type, flags));
}

int sys_fsconfig(int fd, unsigned command, const char *key, const void *value, int aux)
{
    return RESULT(syscall(SYS_fsconfig, fd, command, key, value, aux));
}

int sys_fsmount(int fd, unsigned flags, unsigned attributes)
{
    return RESULT(syscall(SYS_fsmount, fd, flags, attributes));
}

/* A filter that answers EPERM to calls it does not know, as older container runtimes' do: the kernel has EINVAL for this. */
static bool openat2_hidden(void)
{
    return RESULT(syscall(SYS_openat2, -1, "", NULL, (size_t)0)) == -EPERM;
}

/* A filter that cannot see behind pointers, such as our own in a jail, says that there is no openat2. With a root it is
 * EAGAIN if somebody has renamed or mounted anything anywhere while ".." was resolved: whoever does that all the time would
 * let no jail start. */
static int open_resolved(int dirfd, const char *path, const struct open_how *how)
{
    int r = RESULT(syscall(SYS_openat2, dirfd, path, how, sizeof(*how)));
    bool walk = r == -ENOSYS || (r == -EAGAIN && how->resolve & RESOLVE_IN_ROOT) || (r == -EPERM && openat2_hidden());
    return walk ? walk_open(dirfd, path, how->flags, (mode_t)how->mode, how->resolve) : r;
}

int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
    const struct open_how how = { .flags = flags, .resolve = resolve };
    return open_resolved(dirfd, path, &how);
}

int sys_openat2_create(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
    const struct open_how how = { .flags = flags | O_CREAT | O_CLOEXEC, .mode = mode, .resolve = resolve };
    return open_resolved(dirfd, path, &how);
}

pid_t sys_fork(uint64_t flags, int *ret_pidfd)
{
    int pidfd = -1;
    struct clone_args args = {
        .flags = flags | (ret_pidfd ? CLONE_PIDFD : 0),
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
        .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD, /* clone3(2) takes the parent's then */
    };

    long pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid < 0 && errno == ENOSYS) /* a container's filter: its libc is told to use clone(2), so do we */
        pid = syscall(SYS_clone, (unsigned long)args.flags | SIGCHLD, 0UL, &pidfd, 0UL, 0UL);
    if (pid < 0)
        return -errno;
    if (pid > 0 && ret_pidfd)
        *ret_pidfd = pidfd;
    return (pid_t)pid;
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
    return RESULT(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
    return RESULT(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U));
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
    return RESULT(syscall(SYS_close_range, first, last, flags));
}

int sys_mount_id(int fd, uint64_t *ret_id)
{
    struct statx stx;
    if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, &stx) < 0)
        return -errno;
    if (!(stx.stx_mask & STATX_MNT_ID))
        return -ENOSYS;
    *ret_id = stx.stx_mnt_id;
    return 0;
}
