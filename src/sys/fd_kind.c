/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/fd_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MQUEUE_FS_MAGIC 0x19800202 /* ipc/mqueue.c */
#define PIDFS_MAGIC 0x50494446     /* linux/magic.h since 6.13 */

bool fd_device_harmless(dev_t device)
{
    static const unsigned minors[] = { 3, 5, 7, 8, 9 };
    if (major(device) != 1)
        return false;
    for (size_t i = 0; i < ELEMENTSOF(minors); i++)
        if (minor(device) == minors[i])
            return true;
    return false;
}

/* One whose other end is gone is none to isatty(3). */
static bool is_terminal(int fd, dev_t device)
{
    return isatty(fd) || (major(device) >= UNIX98_PTY_SLAVE_MAJOR && major(device) < UNIX98_PTY_SLAVE_MAJOR + 8);
}

/* A Unix socket that waits for connections stays where it is bound: it can be connected to nothing (unix_stream_connect()). */
static bool listens(int fd)
{
    int on = 0;
    socklen_t len = sizeof(on);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

bool fd_is_unix_socket(int fd)
{
    int domain;
    socklen_t len = sizeof(domain);
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

bool fd_bound_to_peer(int fd)
{
    struct sockaddr_storage peer;
    int type;
    socklen_t type_len = sizeof(type), peer_len = sizeof(peer);
    return fd_is_unix_socket(fd) && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type != SOCK_DGRAM &&
           (getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 || listens(fd));
}

/* Those of the kernel's objects without a file that do nothing to anybody else. */
static bool harmless_object(const char *name)
{
    static const char *const names[] = { "anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[timerfd]",
                                         "anon_inode:[signalfd]", "anon_inode:inotify" };
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Files that are processes, namespaces or the kernel's own settings. NULL: none of them. */
static const char *kernel_file(int fd)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return "a file that cannot be looked at";
    switch ((unsigned long)fs.f_type) {
    case PROC_SUPER_MAGIC:
        return "a file of /proc";
    case NSFS_MAGIC:
        return "a namespace";
    case PIDFS_MAGIC:
        return "a process";
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
        return "a control group's file";
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case BPF_FS_MAGIC:
        return "a file of the kernel's";
    }
    return NULL;
}

/* Is the name that /proc has for it this very file, here? Or somewhere where we may not look: what root redirects to. */
static bool is_named(const char *path, const struct stat *st)
{
    struct stat there;
    if (path[0] != '/')
        return false;
    if (lstat(path, &there) < 0)
        return errno == EACCES;
    return there.st_dev == st->st_dev && there.st_ino == st->st_ino;
}

static enum fd_kind escape(const char *what, const char **ret_what)
{
    *ret_what = what;
    return FD_ESCAPE;
}

static enum fd_kind file_kind(int fd, const struct stat *st, const char *path, const char **ret_what)
{
    struct statfs fs;
    const char *of_kernel = kernel_file(fd);
    if (of_kernel)
        return escape(of_kernel, ret_what);
    if (is_named(path, st))
        return FD_FILE;
    bool queue = fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == MQUEUE_FS_MAGIC;
    return st->st_nlink == 0 || queue ? FD_HARMLESS : escape("a file whose place nobody can tell", ret_what);
}

enum fd_kind fd_kind(int fd, const char **ret_what)
{
    char link[64], path[PATH_MAX];
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    *ret_what = NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n < 0 || flags < 0 || fstat(fd, &st) < 0)
        return escape("something that cannot be looked at", ret_what);
    path[n] = '\0';
    if (strncmp(path, "anon_inode:", strlen("anon_inode:")) == 0)
        return harmless_object(path) ? FD_HARMLESS : escape("an object of the kernel's", ret_what);
    switch (st.st_mode & S_IFMT) {
    case S_IFDIR:
        return escape("a directory", ret_what);
    case S_IFBLK:
        return escape("a disk", ret_what);
    case S_IFSOCK:
        if (!(flags & O_PATH))
            return fd_bound_to_peer(fd) ? FD_HARMLESS : FD_SOCKET;
        break;
    case S_IFIFO:
        if (!(flags & O_PATH))
            return FD_HARMLESS;
        break;
    case S_IFCHR:
        if (!(flags & O_PATH) && (is_terminal(fd, st.st_rdev) || fd_device_harmless(st.st_rdev)))
            return FD_HARMLESS;
        return is_named(path, &st) ? FD_DEVICE : escape("a device whose place nobody can tell", ret_what);
    case S_IFREG:
    case S_IFLNK:
        break;
    default:
        return escape("neither a file nor a pipe nor a socket", ret_what);
    }
    return file_kind(fd, &st, path, ret_what);
}
