/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: accept4 getsockname close */
#include "gateway/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/connection.h"
#include "gateway/dns_stream.h"
#include "gateway/dns_udp.h"
#include "gateway/opener.h"
#include "gateway/udp.h"

#define DNS_PORT 53

struct acceptor {
    struct source source;
    struct gateway_process *gateway;
};

/* One connection, by where it was meant to go: its own end's address. False: no more of them now. */
static bool accept_one(struct acceptor *a)
{
    struct sockaddr_storage meant;
    socklen_t len = sizeof(meant);
    struct ip address;
    uint16_t port;

    /* cppcheck-suppress nullPointer ; accept(2): NULL for who does not want the address */
    int fd = accept4(a->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return errno == EINTR || errno == ECONNABORTED;
    if (getsockname(fd, (struct sockaddr *)&meant, &len) < 0 ||
        ip_from_sockaddr((struct sockaddr *)&meant, &address, &port) < 0)
        close(fd);
    else if (port == DNS_PORT)
        dns_stream_start(a->gateway, fd);
    else if (opener_is_meant(a->gateway, &address, port))
        opener_start(a->gateway->openings, fd);
    else
        connection_start(a->gateway->connections, fd, &address, port);
    return true;
}

/* What is left waits for the next turn: the listener is told again as long as it has any. */
static void on_listener(struct source *source, uint32_t events)
{
    struct acceptor *a = CONTAINER(source, struct acceptor, source);
    (void)events;
    for (int i = 0; i < LIMIT_ACCEPTS && accept_one(a); i++)
        ;
}

static int start_tcp(struct gateway_process *gateway, int fd)
{
    struct acceptor *a = calloc(1, sizeof(*a));
    if (!a)
        return -ENOMEM;
    *a = (struct acceptor){ .source = { .ready = on_listener, .fd = fd }, .gateway = gateway };
    return loop_watch(&gateway->loop, &a->source, EPOLLIN);
}

int listen_start(struct gateway_process *gateway, const struct listener *list, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++) {
        gateway->hears_all |= list[i].kind == LISTENER_TCP && list[i].port == 0;
        if (list[i].kind == LISTENER_TCP && list[i].port != DNS_PORT) /* that of DNS may be in the jail's namespace */
            gateway->witness = list[i].fd;
        if (list[i].kind == LISTENER_TCP)
            r = start_tcp(gateway, list[i].fd);
        else if (list[i].port == DNS_PORT)
            r = dns_udp_start(gateway, list[i].fd);
        else
            r = udp_start(gateway, list[i].fd, list[i].port, false);
    }
    return r;
}
