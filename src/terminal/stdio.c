/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/stdio.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "sys/fd_kind.h"

#define STDIO_CHUNK 65536

static const char *const names[3] = { "standard input", "standard output", "standard error" };

int stdio_open_closed(int flags)
{
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        int null = open("/dev/null", O_RDWR | O_NOCTTY | flags); /* the lowest free number: fd */
        if (null < 0 && flags & O_CLOEXEC)
            null = open("/", O_PATH | flags); /* EBADF to whoever uses it, as if it were closed */
        if (null < 0)
            return -errno;
    }
    return 0;
}

static int refuse(int fd, const char *what, struct buf *why)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    buf_printf(why,
               "%s is %s%s%s, which the command could use to get past its grants; redirect it from or to a file, a "
               "pipe or /dev/null",
               names[fd], what, n > 0 ? ": " : "", path);
    return -EPERM;
}

/* Are two fds one open file description, sharing their offset? */
static bool same_file(int a, int b)
{
    long r = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, (unsigned long)a, (unsigned long)b);
    if (r >= 0)
        return r == 0;
    struct stat x, y; /* no kcmp here: alike in every respect is near enough */
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino &&
           fcntl(a, F_GETFL) == fcntl(b, F_GETFL) && lseek(a, 0, SEEK_CUR) == lseek(b, 0, SEEK_CUR);
}

/* The redirection gives nothing in the direction that fd is for: neither shall what stands in for it. */
static int useless(struct stdio *s, int fd, int mode)
{
    int null = open("/dev/null", mode | O_CLOEXEC | O_NOCTTY);
    if (null < 0)
        return -errno;
    s->payload[fd] = null;
    return 0;
}

static int make_relay(struct stdio *s, int fd)
{
    struct stdio_relay *relay = &s->relays[fd];
    bool input = fd == 0;
    int pipes[2];

    if (fd == 2 && s->relays[1].file == 1 && same_file(1, 2)) { /* 2>&1: one pipe keeps the order */
        int copy = fcntl(s->relays[1].theirs, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
            return -errno;
        s->payload[2] = copy;
        return 0;
    }
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -errno;
    relay->file = fd;
    relay->input = input;
    relay->ours = pipes[input ? 1 : 0];
    relay->theirs = pipes[input ? 0 : 1];
    relay->offset = input ? lseek(fd, 0, SEEK_CUR) : 0;
    if (fcntl(relay->ours, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    int copy = fcntl(relay->theirs, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return -errno;
    s->payload[fd] = copy;
    return 0;
}

static int prepare_file(struct stdio *s, int fd, int flags, bool files_fenced)
{
    int mode = flags & O_ACCMODE;
    if (files_fenced || (mode == O_RDWR && !(flags & O_APPEND)))
        return 0;
    if (mode == (fd == 0 ? O_WRONLY : O_RDONLY))
        return useless(s, fd, mode);
    return make_relay(s, fd);
}

static int prepare_one(struct stdio *s, int fd, bool files_fenced, struct buf *why)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &st) < 0)
        return refuse(fd, "closed", why);

    switch (st.st_mode & S_IFMT) {
    case S_IFIFO:
    case S_IFSOCK:
        return flags & O_PATH ? refuse(fd, "a path descriptor", why) : 0;
    case S_IFREG:
        return flags & O_PATH ? refuse(fd, "a path descriptor", why) : prepare_file(s, fd, flags, files_fenced);
    case S_IFCHR:
        return !(flags & O_PATH) && fd_device_harmless(st.st_rdev) ? 0 : refuse(fd, "a device", why);
    case S_IFDIR:
        return refuse(fd, "a directory", why);
    case S_IFBLK:
        return refuse(fd, "a block device", why);
    default:
        return refuse(fd, "neither a file nor a pipe nor a socket", why);
    }
}

int stdio_check_sockets(const bool terminal[3], struct buf *why)
{
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;
        if (terminal[fd] || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || fd_bound_to_peer(fd))
            continue;
        return refuse(fd, "a socket of the host's network", why);
    }
    return 0;
}

static void relay_close(struct stdio_relay *relay)
{
    cleanup_close(&relay->ours);
    cleanup_close(&relay->theirs);
    relay->file = -1;
}

int stdio_prepare(struct stdio *s, const bool terminal[3], bool files_fenced, struct buf *why)
{
    *s = STDIO_EMPTY;
    if (!fence_on(FENCE_STDIO))
        return 0;
    for (int fd = 0; fd < 3; fd++) {
        int r = terminal[fd] ? 0 : prepare_one(s, fd, files_fenced, why);
        if (r < 0) {
            if (why->len == 0)
                buf_printf(why, "%s cannot be handed on: %s", names[fd], strerror(-r));
            for (int i = 0; i < 3; i++) {
                relay_close(&s->relays[i]);
                cleanup_close(&s->payload[i]);
            }
            return r;
        }
    }
    return 0;
}

void stdio_in_jail(struct stdio *s)
{
    for (int fd = 0; fd < 3; fd++)
        relay_close(&s->relays[fd]);
}

void stdio_pollfds(const struct stdio *s, struct pollfd fds[STDIO_POLLFDS])
{
    for (int fd = 0; fd < 3; fd++)
        fds[fd] = (struct pollfd){ .fd = s->relays[fd].ours, .events = s->relays[fd].input ? POLLOUT : POLLIN };
}

/* Put more of the file into the pipe. What does not fit is read again next time. */
static void feed(struct stdio_relay *relay)
{
    char chunk[STDIO_CHUNK];
    ssize_t n = pread(relay->file, chunk, sizeof(chunk), relay->offset);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        cleanup_close(&relay->ours); /* the payload's end of file */
        return;
    }
    ssize_t written = write(relay->ours, chunk, (size_t)n);
    if (written > 0)
        relay->offset += written;
    else if (written < 0 && errno != EAGAIN && errno != EINTR)
        cleanup_close(&relay->ours);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Take from the pipe into the file; false when the pipe is empty or over. */
static bool empty(struct stdio_relay *relay)
{
    char chunk[STDIO_CHUNK];
    ssize_t n = read(relay->ours, chunk, sizeof(chunk));
    if (n < 0 && errno == EINTR)
        return true;
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n > 0 && write_all(relay->file, chunk, (size_t)n))
        return true;
    cleanup_close(&relay->ours); /* a full disk: the payload gets EPIPE for it */
    cleanup_close(&relay->theirs);
    return false;
}

void stdio_handle(struct stdio *s, const struct pollfd fds[STDIO_POLLFDS])
{
    for (int fd = 0; fd < 3; fd++) {
        struct stdio_relay *relay = &s->relays[fd];
        if (!fds[fd].revents || relay->ours < 0)
            continue;
        if (relay->input)
            feed(relay);
        else
            empty(relay);
    }
}

void stdio_end(struct stdio *s)
{
    for (int fd = 0; fd < 3; fd++) {
        struct stdio_relay *relay = &s->relays[fd];
        int unread = 0;
        if (relay->file >= 0 && relay->input && ioctl(relay->theirs, FIONREAD, &unread) == 0)
            lseek(relay->file, relay->offset - unread, SEEK_SET);
        while (relay->file >= 0 && !relay->input && relay->ours >= 0 && empty(relay))
            ;
        relay_close(relay);
        cleanup_close(&s->payload[fd]);
    }
}
