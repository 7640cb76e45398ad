/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection that the host makes to a published port. It is accepted before anybody knows whether the payload listens, as
 * the kernel has no other way; when nobody does, at 127.0.0.1 nor at [::1], it is reset.
 *
 * System calls: accept4 getsockname close */
#include "gateway/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gateway/connection.h"
#include "gateway/socket_maker.h"
#include "ipc/inward.h"

struct published {
    struct source source;
    struct job job; /* releases it */
    struct publishing *all;
    uint16_t inside, outside;
    struct published *next;
};

/* The way in of one connection, until it is there. */
struct inward {
    struct source source; /* the socket that init made, while it connects */
    struct socket_wish wish;
    struct job job;
    struct connection *connection;
    struct publishing *all;
    uint16_t port;
    bool ipv6;
};

struct publishing {
    struct gateway_process *gateway;
    struct socket_maker init;
    size_t n; /* connections that are published */
    struct published *list;
    struct timer_queue patience;
};

static void on_patience(struct timer *timer)
{
    connection_abort(CONTAINER(timer, struct connection, timer));
}

struct publishing *publish_new(struct gateway_process *gateway, int channel)
{
    struct publishing *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    all->gateway = gateway;
    socket_maker_init(&all->init, channel);
    loop_add_queue(&gateway->loop, &all->patience, TIME_INWARD, on_patience);
    return all;
}

static void release_inward(struct job *job)
{
    free(CONTAINER(job, struct inward, job));
}

/* Init, which has made the socket, may not have closed its own descriptor of it yet: until then epoll goes on telling of it. */
static void drop_socket(struct inward *in)
{
    if (in->source.fd >= 0)
        loop_forget(&in->all->gateway->loop, in->source.fd);
    loop_close(&in->source);
}

static void end_inward(struct connection *c)
{
    struct inward *in = c->inward;
    if (!in)
        return;
    c->inward = NULL;
    socket_wish_forget(&in->wish);
    drop_socket(in);
    loop_bury(&c->gateway->loop, &in->job);
}

void publish_end(struct connection *c)
{
    if (!c->published)
        return;
    end_inward(c);
    c->published->all->n--;
    c->published = NULL;
}

/* Ask init for a socket to the port, over the next family. */
static void ask(struct inward *in)
{
    struct inward_request q = { .port = in->port, .ipv6 = in->ipv6 };
    if (socket_maker_ask(&in->all->init, &q, sizeof(q), &in->wish) < 0)
        connection_abort(in->connection);
}

/* Nobody listens at 127.0.0.1: many servers listen at "localhost", which may be [::1]. */
static void refused(struct inward *in)
{
    drop_socket(in);
    if (in->ipv6) {
        connection_abort(in->connection);
        return;
    }
    in->ipv6 = true;
    ask(in);
}

/* A port of the range that the kernel chooses from may be chosen for the very socket that connects to it: where nobody
 * listens it is then connected to itself. */
static bool is_itself(const struct inward *in)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof(own);
    struct ip ip;
    uint16_t port;
    return getsockname(in->source.fd, (struct sockaddr *)&own, &len) < 0 ||
           ip_from_sockaddr((struct sockaddr *)&own, &ip, &port) < 0 || port == in->port;
}

static void on_inward(struct source *source, uint32_t events)
{
    struct inward *in = CONTAINER(source, struct inward, source);
    struct connection *c = in->connection;
    if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
        return;
    if (socket_connect_error(source->fd, events) || is_itself(in)) {
        refused(in);
        return;
    }
    int fd = TAKE_FD(source->fd);
    loop_forget(&c->gateway->loop, fd);
    end_inward(c);
    c->lent = true;
    connection_relay(c, fd);
}

static void on_made(struct socket_wish *wish, int fd)
{
    struct inward *in = CONTAINER(wish, struct inward, wish);
    if (fd < 0) {
        refused(in);
        return;
    }
    in->source.fd = fd;
    if (loop_watch(&in->all->gateway->loop, &in->source, EPOLLOUT) < 0)
        connection_abort(in->connection);
}

bool publish_answered(struct publishing *all)
{
    return socket_maker_serve(&all->init);
}

void publish_lost(struct publishing *all)
{
    socket_maker_lost(&all->init);
}

static void begin(struct published *p, int fd)
{
    struct publishing *all = p->all;
    struct inward *in = all->n < LIMIT_PUBLISHED ? calloc(1, sizeof(*in)) : NULL;
    struct connection *c = in ? connection_new(all->gateway->connections, -1, fd) : NULL;
    if (!c) {
        free(in);
        connection_reset(fd);
        close(fd);
        return;
    }
    all->n++;
    c->published = p;
    c->inward = in;
    c->state = CONNECTION_DIAL;
    c->target = (struct target){ .port = p->outside, .published = true };
    *in = (struct inward){ .source = { .ready = on_inward, .fd = -1 }, .job = { .run = release_inward }, .connection = c,
                           .all = all, .port = p->inside };
    socket_wish_init(&in->wish, on_made);
    link_init(&in->job.link);
    loop_set_timer(&all->gateway->loop, &all->patience, &c->timer);
    ask(in);
}

static void on_listener(struct source *source, uint32_t events)
{
    struct published *p = CONTAINER(source, struct published, source);
    (void)events;
    for (int i = 0; i < LIMIT_ACCEPTS; i++) {
        /* cppcheck-suppress nullPointer ; accept(2): NULL for who does not want the address */
        int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            begin(p, fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

static void release_published(struct job *job)
{
    free(CONTAINER(job, struct published, job));
}

int publish_start(struct publishing *all, uint16_t inside, uint16_t outside, int listener)
{
    struct published *p = calloc(1, sizeof(*p));
    if (!p) {
        cleanup_close(&listener);
        return -ENOMEM;
    }
    *p = (struct published){ .source = { .ready = on_listener, .fd = listener }, .job = { .run = release_published },
                             .all = all, .inside = inside, .outside = outside, .next = all->list };
    link_init(&p->job.link);
    int r = loop_watch(&all->gateway->loop, &p->source, EPOLLIN);
    if (r < 0) {
        loop_close(&p->source);
        free(p);
        return r;
    }
    all->list = p;
    return 0;
}

int publish_stop(struct publishing *all, uint16_t outside)
{
    struct published **at = &all->list;
    while (*at && (*at)->outside != outside)
        at = &(*at)->next;
    struct published *p = *at;
    if (!p)
        return -ENOENT;
    *at = p->next;
    loop_forget(&all->gateway->loop, p->source.fd); /* who has handed it over may hold it still */
    loop_close(&p->source);
    connections_end_published(all->gateway->connections, p);
    loop_bury(&all->gateway->loop, &p->job);
    return 0;
}
