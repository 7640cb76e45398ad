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

int gateway_event_send_url(int channel, const struct gateway_event *event, const char *url, size_t len)
{
    struct iovec iov[] = { { .iov_base = (void *)(uintptr_t)event, .iov_len = sizeof(*event) },
                           { .iov_base = (void *)(uintptr_t)url, .iov_len = len } };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
    if (len == 0 || len > WEB_URL_MAX)
        return -EINVAL;
    for (;;) {
        if (sendmsg(channel, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

int gateway_event_receive(int channel, struct gateway_event *ret_event, struct gateway_url *ret_url)
{
    struct gateway_event e;
    struct iovec iov[] = { { .iov_base = &e, .iov_len = sizeof(e) },
                           { .iov_base = ret_url->bytes, .iov_len = sizeof(ret_url->bytes) } };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
    ret_url->len = 0;
    ssize_t n;
    do
        n = recvmsg(channel, &msg, MSG_DONTWAIT | MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? -EPIPE : -errno;
    if (n == 0)
        return -EPIPE;
    size_t tail = (size_t)n < sizeof(e) ? 0 : (size_t)n - sizeof(e);
    if ((size_t)n < sizeof(e) || tail > sizeof(ret_url->bytes) || (tail > 0) != (e.kind == GATEWAY_OPEN))
        return -EBADMSG;
    if (e.kind == 0 || e.kind >= GATEWAY_EVENT_KINDS || e.protocol >= GATEWAY_PROTOCOLS ||
        e.reason >= REFUSED_REASONS || e.class >= N_IP_CLASSES ||
        (e.address.version != 0 && e.address.version != 4 && e.address.version != 6))
        return -EBADMSG;
    e.name[sizeof(e.name) - 1] = '\0';
    e.text[sizeof(e.text) - 1] = '\0';
    *ret_event = e;
    ret_url->len = tail;
    return 0;
}
