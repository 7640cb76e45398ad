/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/listeners.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    char space[CMSG_SPACE(LISTENERS_MAX * sizeof(int))];
    struct cmsghdr align;
};

int listeners_send(int channel, const struct listener *list, size_t n)
{
    union control control;
    int fds[LISTENERS_MAX];
    struct iovec iov = { .iov_base = (void *)(uintptr_t)list, .iov_len = n * sizeof(*list) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
                          .msg_controllen = CMSG_SPACE(n * sizeof(int)) };

    if (n == 0 || n > LISTENERS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        fds[i] = list[i].fd;
    memset(&control, 0, sizeof(control));
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    for (;;) {
        if (sendmsg(channel, &msg, MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

/* All fds that came along, up to max; the rest is closed. */
static size_t take_fds(struct msghdr *msg, int *fds, size_t max)
{
    size_t n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (n < max)
                fds[n++] = fd;
            else
                close(fd);
        }
    }
    return n;
}

int listeners_receive(int channel, struct listener *ret_list)
{
    union control control;
    int fds[LISTENERS_MAX];
    struct iovec iov = { .iov_base = ret_list, .iov_len = LISTENERS_MAX * sizeof(*ret_list) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
                          .msg_controllen = sizeof(control.space) };
    ssize_t len;
    do
        len = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -errno;

    size_t n = take_fds(&msg, fds, LISTENERS_MAX);
    bool whole = len > 0 && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && (size_t)len == n * sizeof(*ret_list);
    for (size_t i = 0; i < n; i++) {
        if (whole)
            ret_list[i].fd = fds[i];
        else
            close(fds[i]);
    }
    return whole ? (int)n : len == 0 ? -EPIPE : -EBADMSG;
}
