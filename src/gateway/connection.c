/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: setsockopt close */
#include "gateway/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/refusals.h"

/* Each change is told once: what can be read and written is remembered. */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

struct connections {
    struct gateway_process *gateway;
    size_t n, limit;
    struct timer_queue idle, half_closed;
};

static void on_idle(struct timer *timer)
{
    connection_abort(CONTAINER(timer, struct connection, timer));
}

struct connections *connections_new(struct gateway_process *gateway, size_t limit)
{
    struct connections *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    all->gateway = gateway;
    all->limit = limit;
    loop_add_queue(&gateway->loop, &all->idle, TIME_IDLE, on_idle);
    loop_add_queue(&gateway->loop, &all->half_closed, TIME_HALF_CLOSED, on_idle);
    return all;
}

static void on_job(struct job *job)
{
    struct connection *c = CONTAINER(job, struct connection, job);
    if (c->state == CONNECTION_DEAD) {
        c->gateway->connections->n--;
        free(c);
    } else if (c->state == CONNECTION_RELAY) {
        relay_run(c);
    } else if (c->state == CONNECTION_HEAD) {
        head_run(c);
    }
}

static void note_events(struct end *end, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        end->hung_up = true;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        end->readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        end->writable = true;
}

static void on_end(struct connection *c, struct end *end, uint32_t events)
{
    note_events(end, events);
    if (events & EPOLLERR)
        connection_abort(c);
    else
        on_job(&c->job);
}

static void on_jail(struct source *source, uint32_t events)
{
    struct connection *c = CONTAINER(source, struct connection, end[JAIL].source);
    on_end(c, &c->end[JAIL], events);
}

static void on_server(struct source *source, uint32_t events)
{
    struct connection *c = CONTAINER(source, struct connection, end[SERVER].source);
    on_end(c, &c->end[SERVER], events);
}

/* A close of the jail's socket that its peer sees as a reset, as that of a closed port would be. */
static void reset(int fd)
{
    struct linger now = { .l_onoff = 1 };
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void end_connection(struct connection *c, bool with_reset)
{
    if (c->state == CONNECTION_DEAD)
        return;
    relay_end(c);
    head_end(c);
    dial_end(c);
    for (int side = JAIL; side <= SERVER; side++) {
        if (with_reset)
            reset(c->end[side].source.fd);
        loop_close(&c->end[side].source);
    }
    c->state = CONNECTION_DEAD;
    loop_stop_timer(&c->timer);
    loop_bury(&c->gateway->loop, &c->job);
}

void connection_finish(struct connection *c)
{
    end_connection(c, false);
}

void connection_abort(struct connection *c)
{
    end_connection(c, true);
}

void connection_refuse(struct connection *c, enum gateway_reason reason, const char *text)
{
    struct refusal refusal = { .reason = reason, .target = &c->target, .text = text };
    refusals_add(c->gateway, &refusal);
    connection_abort(c);
}

void connection_touch(struct connection *c)
{
    struct connections *all = c->gateway->connections;
    bool half = c->end[JAIL].closed || c->end[SERVER].closed;
    if (c->state == CONNECTION_RELAY)
        loop_set_timer(&c->gateway->loop, half ? &all->half_closed : &all->idle, &c->timer);
}

void connection_start(struct connections *all, int fd, const struct ip *address, uint16_t port)
{
    struct target target;
    bool allowed = judge_target(&all->gateway->judge, address, port, false, &target);
    struct connection *c = allowed && all->n < all->limit ? calloc(1, sizeof(*c)) : NULL;
    if (!c) {
        struct refusal refusal = { .reason = allowed ? REFUSED_FULL : REFUSED_POLICY, .target = &target,
                                   .text = allowed ? "too many connections at a time" : "" };
        refusals_add(all->gateway, &refusal);
        reset(fd);
        close(fd);
        return;
    }
    all->n++;
    c->gateway = all->gateway;
    c->target = target;
    c->job.run = on_job;
    link_init(&c->job.link);
    link_init(&c->timer.link);
    c->end[JAIL].source = (struct source){ .ready = on_jail, .fd = fd };
    c->end[SERVER].source = (struct source){ .ready = on_server, .fd = -1 };
    if (loop_watch(&c->gateway->loop, &c->end[JAIL].source, EVENTS) < 0) {
        connection_abort(c);
        return;
    }
    if (target.decision.scheme == NET_TLS || target.decision.scheme == NET_HTTP)
        head_start(c);
    else
        connection_dial(c);
}

void connection_dial(struct connection *c)
{
    c->state = CONNECTION_DIAL;
    loop_stop_timer(&c->timer);
    dial_start(c);
}

void connection_relay(struct connection *c, int fd)
{
    static const int on = 1;
    dial_end(c);
    c->state = CONNECTION_RELAY;
    c->end[SERVER].source.fd = fd;
    c->end[SERVER].writable = true;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(c->end[JAIL].source.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (loop_watch(&c->gateway->loop, &c->end[SERVER].source, EVENTS) < 0 || !head_pass(c)) {
        connection_abort(c);
        return;
    }
    refusals_allowed(c->gateway, &c->target);
    relay_run(c);
}
