/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: getsockopt */
#include "gateway/socket_maker.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "gateway/limits.h"
#include "ipc/packet.h"
#include "ipc/socket_answer.h"

void socket_maker_init(struct socket_maker *maker, int channel)
{
    *maker = (struct socket_maker){ .channel = channel };
    link_init(&maker->waiting);
}

void socket_wish_init(struct socket_wish *wish, void (*made)(struct socket_wish *wish, int fd))
{
    *wish = (struct socket_wish){ .made = made };
    link_init(&wish->link);
}

int socket_maker_ask(struct socket_maker *maker, void *request, size_t len, struct socket_wish *wish)
{
    uint32_t number = maker->number + 1;
    if (maker->channel < 0)
        return -EPIPE;
    memcpy(request, &number, sizeof(number));
    int r = packet_send(maker->channel, request, len, -1);
    if (r < 0)
        return r;
    maker->number = wish->number = number;
    link_append(&maker->waiting, &wish->link);
    return 0;
}

void socket_wish_forget(struct socket_wish *wish)
{
    link_remove(&wish->link);
}

/* The maker's word for what it is counts little. */
static bool is_tcp(int fd)
{
    int protocol = 0;
    socklen_t len = sizeof(protocol);
    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 && protocol == IPPROTO_TCP;
}

static struct socket_wish *find(struct socket_maker *maker, uint32_t number)
{
    for (struct link *at = maker->waiting.next; at != &maker->waiting; at = at->next) {
        struct socket_wish *wish = CONTAINER(at, struct socket_wish, link);
        if (wish->number == number)
            return wish;
    }
    return NULL;
}

bool socket_maker_serve(struct socket_maker *maker)
{
    for (int i = 0; i < LIMIT_ACCEPTS; i++) {
        struct socket_answer a;
        _cleanup_close_ int fd = -1;
        int r = packet_receive(maker->channel, &a, sizeof(a), &fd);
        if (r < 0)
            return r == -EAGAIN;
        struct socket_wish *wish = find(maker, a.number);
        if (!wish) /* who wished for it has ended meanwhile */
            continue;
        link_remove(&wish->link);
        if (a.error > 0 || fd < 0)
            wish->made(wish, a.error > 0 ? -a.error : -EBADMSG);
        else
            wish->made(wish, is_tcp(fd) ? TAKE_FD(fd) : -EBADMSG);
    }
    return true;
}

void socket_maker_lost(struct socket_maker *maker)
{
    maker->channel = -1;
    while (!link_alone(&maker->waiting)) {
        struct socket_wish *wish = CONTAINER(maker->waiting.next, struct socket_wish, link);
        link_remove(&wish->link);
        wish->made(wish, -EPIPE);
    }
}

int socket_connect_error(int fd, uint32_t events)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return errno;
    return error == 0 && (events & (EPOLLERR | EPOLLHUP)) ? ECONNREFUSED : error;
}
