/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/guard_asker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"

#define STATUS_SIZE 4096
#define PIDFD_OF_THREAD ((unsigned)O_EXCL) /* PIDFD_THREAD, Linux 6.9 */
#define PAGE 4096 /* no page is smaller; a larger one is read in parts */

bool guard_asker_waits(const struct asker *a)
{
    uint64_t id = a->call->id;
    return ioctl(a->guard->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* aarch64 ignores the highest byte of an address, which the call may have used. */
static uint64_t plain_address(uint64_t address)
{
#ifdef __aarch64__
    return address & 0x00ffffffffffffffULL;
#else
    return address;
#endif
}

/* A page at a time: what lies behind the string's own may not be there. */
ssize_t guard_asker_string(const struct asker *a, uint64_t address, char *ret_text)
{
    size_t at = 0;
    for (address = plain_address(address); at < PATH_MAX;) {
        size_t n = PAGE - (address + at) % PAGE;
        struct iovec here = { ret_text + at, n < PATH_MAX - at ? n : PATH_MAX - at };
        struct iovec there = { (void *)(uintptr_t)(address + at), here.iov_len };
        ssize_t got = process_vm_readv((pid_t)a->call->pid, &here, 1, &there, 1, 0);
        if (got <= 0)
            return got < 0 && errno == EPERM ? -EACCES : -EFAULT;
        const char *end = memchr(ret_text + at, '\0', (size_t)got);
        if (end)
            return end - ret_text;
        at += (size_t)got;
    }
    return -ENAMETOOLONG;
}

int guard_asker_bytes(const struct asker *a, uint64_t address, void *ret, size_t size)
{
    struct iovec here = { ret, size }, there = { (void *)(uintptr_t)plain_address(address), size };
    ssize_t got = process_vm_readv((pid_t)a->call->pid, &here, 1, &there, 1, 0);
    return got == (ssize_t)size ? 0 : got < 0 && errno == EPERM ? -EACCES : -EFAULT;
}

/* Open NAME of the asker's directory in /proc. */
static int open_entry(const struct asker *a, int flags, const char *format, ...) _printf_(3, 4);
static int open_entry(const struct asker *a, int flags, const char *format, ...)
{
    char path[64];
    int n = snprintf(path, sizeof(path), "%u/", a->call->pid);
    va_list args;
    va_start(args, format);
    vsnprintf(path + n, sizeof(path) - (size_t)n, format, args);
    va_end(args);
    int fd = openat(a->guard->proc, path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int guard_asker_directory(const struct asker *a, int dirfd)
{
    if (dirfd == AT_FDCWD)
        return open_entry(a, O_PATH, "cwd");
    int fd = dirfd < 0 ? -EBADF : open_entry(a, O_PATH, "fd/%d", dirfd);
    return fd == -ENOENT ? -EBADF : fd;
}

/* The file NAME as a string. */
static int read_entry(const struct asker *a, const char *name, char *ret_text)
{
    _cleanup_close_ int fd = open_entry(a, O_RDONLY, "%s", name);
    if (fd < 0)
        return fd;
    ssize_t n = read(fd, ret_text, STATUS_SIZE - 1);
    if (n <= 0)
        return n < 0 ? -errno : -ESRCH;
    ret_text[n] = '\0';
    return 0;
}

/* The number behind "\nNAME:\t" of status. Never in the first line, which is the thread's name. */
static long status_number(const struct asker *a, const char *label, int base)
{
    char text[STATUS_SIZE];
    int r = read_entry(a, "status", text);
    if (r < 0)
        return r;
    const char *at = strstr(text, label);
    return at ? strtol(at + strlen(label), NULL, base) : -ESRCH;
}

/* A process has a pidfd by the number of its first thread only (pidfd_open(2)), which most are. status takes ten times as
 * long. */
static bool is_first_thread(const struct asker *a)
{
    _cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, a->call->pid, 0U);
    return fd >= 0;
}

pid_t guard_asker_process(struct asker *a)
{
    if (!a->process && is_first_thread(a))
        a->process = (pid_t)a->call->pid;
    if (!a->process) {
        long n = status_number(a, "\nTgid:\t", 10);
        if (n <= 0)
            return n < 0 ? (pid_t)n : -ESRCH;
        a->process = (pid_t)n;
    }
    return a->process;
}

bool guard_asker_is_alone(const struct asker *a)
{
    char entry[32];
    struct stat st;
    snprintf(entry, sizeof(entry), "%u/task", a->call->pid);
    return fstatat(a->guard->proc, entry, &st, 0) == 0 && st.st_nlink == 3;
}

/* A pidfd of its thread, kept: the thread's number cannot be another's as long as this works. Its process' (before Linux 6.9)
 * is not kept, as the thread may have gone. */
static int open_pidfd(struct asker *a, bool *ret_kept)
{
    struct guard *g = a->guard;
    cleanup_close(&g->pidfd);
    g->pidfd_of = 0;
    int fd = (int)syscall(SYS_pidfd_open, a->call->pid, PIDFD_OF_THREAD);
    *ret_kept = fd >= 0;
    if (fd >= 0) {
        g->pidfd_of = a->call->pid;
        return g->pidfd = fd;
    }
    pid_t process = guard_asker_process(a);
    fd = process < 0 ? -1 : (int)syscall(SYS_pidfd_open, process, 0U);
    return fd < 0 ? -ESRCH : fd;
}

int guard_asker_descriptor(struct asker *a, int fd)
{
    struct guard *g = a->guard;
    bool kept = true;
    int pidfd = g->pidfd_of == a->call->pid ? g->pidfd : -1;
    int copy = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0U);
    if (copy < 0 && (pidfd < 0 || errno == ESRCH)) {
        pidfd = open_pidfd(a, &kept);
        if (pidfd < 0)
            return pidfd;
        copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0U);
    }
    int error = errno;
    if (!kept)
        close(pidfd);
    return copy >= 0 ? copy : error == EPERM ? -EACCES : -error;
}

bool guard_asker_is_signalled(const struct asker *a)
{
    static const char *const labels[] = { "\nSigPnd:\t", "\nShdPnd:\t", "\nSigBlk:\t", "\nSigCgt:\t" };
    uint64_t sets[ELEMENTSOF(labels)];
    char text[STATUS_SIZE];
    if (read_entry(a, "status", text) < 0)
        return false;
    for (size_t i = 0; i < ELEMENTSOF(labels); i++) {
        const char *at = strstr(text, labels[i]);
        sets[i] = at ? strtoull(at + strlen(labels[i]), NULL, 16) : 0;
    }
    return (sets[0] | sets[1]) & ~sets[2] & sets[3];
}

pid_t guard_asker_parent(const struct asker *a)
{
    long n = status_number(a, "\nPPid:\t", 10);
    return n > 0 ? (pid_t)n : 0;
}

mode_t guard_asker_umask(const struct asker *a)
{
    if (!a->guard->own_umasks)
        return a->guard->umask;
    long n = status_number(a, "\nUmask:\t", 8);
    return n < 0 ? 077 : (mode_t)n & 0777;
}

int guard_asker_terminal(const struct asker *a)
{
    enum { PTS_MAJOR = 136 };
    char text[STATUS_SIZE], state;
    int parent, group, session;
    unsigned device;
    if (read_entry(a, "stat", text) < 0)
        return -ENXIO;
    const char *at = strrchr(text, ')'); /* what stands before may hold anything */
    if (!at || sscanf(at + 1, " %c %d %d %d %u", &state, &parent, &group, &session, &device) != 5)
        return -ENXIO;
    unsigned major = device >> 8 & 0xfff, minor = (device & 0xff) | (device >> 12 & 0xfff00);
    return major == PTS_MAJOR ? (int)minor : -ENXIO;
}
