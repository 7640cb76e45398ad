/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/gateway_event.h"

#include <errno.h>
#include <sys/socket.h>

int gateway_event_send(int channel, const struct gateway_event *event)
{
    for (;;) {
        if (send(channel, event, sizeof(*event), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

int gateway_event_receive(int channel, struct gateway_event *ret_event)
{
    struct gateway_event e;
    struct iovec iov = { .iov_base = &e, .iov_len = sizeof(e) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t n;
    do
        n = recvmsg(channel, &msg, MSG_DONTWAIT | MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? -EPIPE : -errno;
    if (n == 0)
        return -EPIPE;
    if ((size_t)n != sizeof(e) || e.kind == 0 || e.kind >= GATEWAY_EVENT_KINDS || e.protocol >= GATEWAY_PROTOCOLS ||
        e.reason >= REFUSED_REASONS || e.class >= N_IP_CLASSES ||
        (e.address.version != 0 && e.address.version != 4 && e.address.version != 6))
        return -EBADMSG;
    e.name[sizeof(e.name) - 1] = '\0';
    e.text[sizeof(e.text) - 1] = '\0';
    *ret_event = e;
    return 0;
}
