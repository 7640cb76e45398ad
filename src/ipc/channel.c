/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MESSAGE_HEAD offsetof(struct message, text)

int channel_pair(int *ret_monitor, int *ret_jail)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -errno;
    *ret_monitor = fds[0];
    *ret_jail = fds[1];
    return 0;
}

int channel_send(int channel, const struct message *m, int fd)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { 0 };
    size_t text = strnlen(m->text, sizeof(m->text) - 1);
    struct iovec iov = {
        .iov_base = (void *)(uintptr_t)m,
        .iov_len = text ? MESSAGE_HEAD + text + 1 : MESSAGE_HEAD,
    };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (fd >= 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof(control.space);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    }
    for (;;) {
        if (sendmsg(channel, &msg, MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

/* The one fd that came along, or -1; closes all and says -EBADMSG when there are several. */
static int take_fd(struct msghdr *msg, int *ret_fd)
{
    _cleanup_close_ int found = -1;
    int surplus = msg->msg_flags & MSG_CTRUNC;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (found < 0) {
                found = fd;
            } else {
                close(fd);
                surplus = 1;
            }
        }
    }
    if (surplus)
        return -EBADMSG;
    *ret_fd = TAKE_FD(found);
    return 0;
}

int channel_receive(int channel, struct message *ret_m, int *ret_fd)
{
    union {
        char space[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct message m = { 0 };
    struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof(control.space),
    };

    /* Reset: the peer closed with messages of ours unread; the kernel says so once, before what it had sent itself. */
    ssize_t n;
    do
        n = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n < 0)
        return -errno;

    _cleanup_close_ int fd = -1;
    int r = take_fd(&msg, &fd);
    if (r < 0)
        return r;
    if (n == 0)
        return -EPIPE;
    if ((size_t)n < MESSAGE_HEAD || (msg.msg_flags & MSG_TRUNC) || m.kind == 0 || m.kind >= MSG_KINDS)
        return -EBADMSG;
    m.text[sizeof(m.text) - 1] = '\0';
    *ret_m = m;
    *ret_fd = TAKE_FD(fd);
    return 0;
}
