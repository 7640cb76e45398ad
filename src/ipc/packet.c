/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { PACKET_MAX = 1024 };

static int send_packet(int channel, const void *data, size_t len, int fd, int flags)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { 0 };
    struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
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
        if (sendmsg(channel, &msg, MSG_NOSIGNAL | flags) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

int packet_send(int channel, const void *data, size_t len, int fd)
{
    return send_packet(channel, data, len, fd, MSG_DONTWAIT);
}

int packet_send_waiting(int channel, const void *data, size_t len, int fd)
{
    return send_packet(channel, data, len, fd, 0);
}

/* The first descriptor that came along, or -1; the others are closed, and *ret_many says that there were any. */
static int take_fd(struct msghdr *msg, bool *ret_many)
{
    int found = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (found < 0) {
                found = fd;
                continue;
            }
            close(fd);
            *ret_many = true;
        }
    }
    return found;
}

static int receive(int channel, void *data, size_t size, int flags, size_t *ret_len, int *ret_fd)
{
    union {
        char space[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = { .iov_base = data, .iov_len = size };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
                          .msg_controllen = sizeof(control.space) };
    ssize_t n;
    do
        n = recvmsg(channel, &msg, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    bool many = msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC);
    _cleanup_close_ int fd = take_fd(&msg, &many);
    if (n == 0)
        return -EPIPE;
    if (many)
        return -EBADMSG;
    *ret_len = (size_t)n;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int packet_receive_up_to(int channel, void *data, size_t size, size_t *ret_len, int *ret_fd)
{
    int r = receive(channel, data, size, MSG_DONTWAIT, ret_len, ret_fd);
    return r == -ECONNRESET ? -EPIPE : r;
}

int packet_receive_waiting(int channel, void *data, size_t size, size_t *ret_len, int *ret_fd)
{
    int r;
    do
        r = receive(channel, data, size, 0, ret_len, ret_fd);
    while (r == -ECONNRESET);
    return r;
}

int packet_receive(int channel, void *data, size_t len, int *ret_fd)
{
    char bytes[PACKET_MAX];
    size_t got = 0;
    int came = -1;
    if (len > sizeof(bytes))
        return -EINVAL;
    int r = packet_receive_up_to(channel, bytes, len, &got, &came);
    if (r < 0)
        return r;
    _cleanup_close_ int fd = came;
    if (got != len)
        return -EBADMSG;
    memcpy(data, bytes, len);
    *ret_fd = TAKE_FD(fd);
    return 0;
}
