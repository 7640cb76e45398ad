/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static bool is_given(int fd)
{
    return fcntl(fd, F_GETFD) == 0;
}

void bwrap_descriptor_drop(int fd)
{
    if (fd > STDERR_FILENO)
        close(fd);
    if (fd < 0 || fd > STDERR_FILENO)
        return;
    int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (null < 0 || dup3(null, fd, O_CLOEXEC) < 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC); /* what was there is not the command's at least */
    if (null >= 0)
        close(null);
}

int bwrap_descriptor_read(int fd, struct buf *data)
{
    char chunk[8192];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        int r = n < 0 ? -errno : buf_add(data, chunk, (size_t)n);
        if (r < 0)
            return r;
    }
    bwrap_descriptor_drop(fd);
    return 0;
}

int bwrap_descriptor_read_given(int fd, struct buf *data)
{
    return is_given(fd) ? bwrap_descriptor_read(fd, data) : -EBADF;
}

/* The first process of the jail has let go of --info-fd and --json-status-fd before it does anything else; the monitor of
 * the former when it has written to it. */
static bool is_used_up(const struct bwrap_args *args, enum bwrap_fd option)
{
    int fd = args->fds[option], info = args->fds[BWRAP_FD_INFO], status = args->fds[BWRAP_FD_JSON_STATUS];
    switch (option) {
    case BWRAP_FD_JSON_STATUS:
    case BWRAP_FD_USERNS_BLOCK:
        return fd == info;
    case BWRAP_FD_SYNC:
    case BWRAP_FD_BLOCK:
    case BWRAP_FD_SECCOMP:
        return fd == info || fd == status;
    default:
        return false;
    }
}

/* An operation's; one that has been marked is another operation's, which reads it to its end. */
static void settle_operation(struct bwrap_args *args, struct op *op)
{
    if (op->fd < 0)
        return;
    bool told = op->fd == args->fds[BWRAP_FD_INFO] || op->fd == args->fds[BWRAP_FD_JSON_STATUS];
    if (told || !is_given(op->fd))
        op->fd = BWRAP_FD_NONE;
    else
        fcntl(op->fd, F_SETFD, FD_CLOEXEC);
}

void bwrap_descriptors_settle(struct bwrap_args *args)
{
    for (size_t i = 0; i < BWRAP_FDS; i++)
        if (args->fds[i] >= 0 && (!is_given(args->fds[i]) || is_used_up(args, (enum bwrap_fd)i)))
            args->fds[i] = BWRAP_FD_NONE;
    for (size_t i = 0; i < args->plan.n; i++)
        settle_operation(args, &args->plan.ops[i]);
    for (size_t i = 0; i < BWRAP_FDS; i++)
        if (args->fds[i] >= 0 && !(i == BWRAP_FD_SYNC && args->switches & BWRAP_AS_PID_1))
            fcntl(args->fds[i], F_SETFD, FD_CLOEXEC);
}
