/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/inward.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "ipc/inward.h"
#include "ipc/packet.h"

static size_t find(const struct inward *inward, int64_t port)
{
    size_t i = 0;
    while (i < inward->n && inward->ports[i] != port)
        i++;
    return i;
}

bool inward_permit(struct inward *inward, int64_t port)
{
    if (port <= 0 || port > UINT16_MAX)
        return false;
    if (find(inward, port) < inward->n)
        return true;
    if (inward->n == INWARD_PORTS_MAX)
        return false;
    inward->ports[inward->n++] = (uint16_t)port;
    return true;
}

void inward_forbid(struct inward *inward, int64_t port)
{
    size_t i = find(inward, port);
    if (i < inward->n)
        inward->ports[i] = inward->ports[--inward->n];
}

void inward_init(struct inward *inward, int channel, const struct policy *policy)
{
    inward->channel = channel;
    inward->n = 0;
    for (size_t i = 0; i < policy->n_published; i++)
        (void)inward_permit(inward, policy->published[i].inside); /* the profile's reader has the same limit */
}

/* A socket on its way to the port; what becomes of it the gateway sees. */
static int connect_inside(uint16_t port, bool ipv6)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    _cleanup_close_ int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int r = ipv6 ? connect(fd, (struct sockaddr *)&in6, sizeof(in6)) : connect(fd, (struct sockaddr *)&in, sizeof(in));
    return r < 0 && errno != EINPROGRESS ? -errno : TAKE_FD(fd);
}

void inward_serve(struct inward *inward)
{
    struct inward_request q;
    _cleanup_close_ int unasked = -1;
    int r = packet_receive(inward->channel, &q, sizeof(q), &unasked);
    if (r == -EAGAIN)
        return;
    if (r < 0 || unasked >= 0 || q.ipv6 > 1) {
        cleanup_close(&inward->channel);
        return;
    }
    _cleanup_close_ int fd = find(inward, q.port) < inward->n ? connect_inside(q.port, q.ipv6) : -EACCES;
    struct socket_answer a = { .number = q.number, .error = fd < 0 ? -fd : 0 };
    r = packet_send(inward->channel, &a, sizeof(a), fd);
    if (r < 0 && r != -EAGAIN) /* who does not read its answers goes without */
        cleanup_close(&inward->channel);
}
