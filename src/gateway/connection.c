/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: setsockopt close */
#include "gateway/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "gateway/ask.h"
#include "gateway/publish.h"
#include "gateway/refusals.h"

/* Each change is told once: what can be read and written is remembered. */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

struct connections {
    struct gateway_process *gateway;
    size_t n, limit;
    struct timer_queue idle, half_closed;
    struct link ring;
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
    link_init(&all->ring);
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

void connection_reset(int fd)
{
    struct linger now = { .l_onoff = 1 };
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void end_connection(struct connection *c, bool with_reset)
{
    if (c->state == CONNECTION_DEAD)
        return;
    ask_release(c);
    relay_end(c);
    head_end(c);
    dial_end(c);
    publish_end(c);
    link_remove(&c->link);
    for (int side = JAIL; side <= SERVER; side++) {
        if (with_reset)
            connection_reset(c->end[side].source.fd);
        if (c->lent && c->end[side].source.fd >= 0)
            loop_forget(&c->gateway->loop, c->end[side].source.fd);
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

struct connection *connection_new(struct connections *all, int jail, int server)
{
    struct connection *c = all->n < all->limit ? calloc(1, sizeof(*c)) : NULL;
    if (!c)
        return NULL;
    c->gateway = all->gateway;
    c->job.run = on_job;
    link_init(&c->job.link);
    link_init(&c->timer.link);
    link_init(&c->link);
    link_init(&c->held);
    c->end[JAIL].source = (struct source){ .ready = on_jail, .fd = jail };
    c->end[SERVER].source = (struct source){ .ready = on_server, .fd = server };
    struct source *first = &c->end[jail >= 0 ? JAIL : SERVER].source;
    if (loop_watch(&all->gateway->loop, first, EVENTS) < 0) {
        free(c);
        return NULL;
    }
    all->n++;
    link_append(&all->ring, &c->link);
    return c;
}

void connection_start(struct connections *all, int fd, const struct ip *address, uint16_t port)
{
    struct target target;
    struct refusal refusal = { .reason = REFUSED_POLICY, .target = &target };
    enum verdict verdict = VERDICT_ALLOW;
    if (!judge_target(&all->gateway->judge, address, port, false, &target))
        verdict = target.decision.verdict == VERDICT_ASK
                      ? ask_about(all->gateway->asks, &target, &refusal.reason, &refusal.text) : VERDICT_DENY;
    struct connection *c = verdict != VERDICT_DENY ? connection_new(all, fd, -1) : NULL;
    if (!c) {
        if (verdict != VERDICT_DENY) {
            refusal.reason = REFUSED_FULL;
            refusal.text = "too many connections at a time";
        }
        refusals_add(all->gateway, &refusal);
        connection_reset(fd);
        close(fd);
        return;
    }
    c->target = target;
    if (verdict == VERDICT_ASK)
        ask_hold(c);
    else
        connection_judged(c);
}

void connection_judged(struct connection *c)
{
    bool inspected = c->target.decision.scheme == NET_TLS || c->target.decision.scheme == NET_HTTP;
    if (inspected && fence_on(FENCE_HEADS))
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
    loop_stop_timer(&c->timer);
    c->state = CONNECTION_RELAY;
    struct end *last = &c->end[c->published ? JAIL : SERVER];
    last->source.fd = fd;
    last->writable = true;
    for (int side = JAIL; side <= SERVER; side++)
        setsockopt(c->end[side].source.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(c->end[SERVER].source.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    c->place = refusals_allowed(c->gateway, &c->target);
    if (loop_watch(&c->gateway->loop, &last->source, EVENTS) < 0 || !head_pass(c)) {
        connection_abort(c);
        return;
    }
    relay_run(c);
}

void connections_end_published(struct connections *all, const struct published *published)
{
    for (struct link *at = all->ring.next, *next; at != &all->ring; at = next) {
        struct connection *c = CONTAINER(at, struct connection, link);
        next = at->next;
        if (c->published == published)
            connection_abort(c);
    }
}

void connections_judge(struct connections *all)
{
    for (struct link *at = all->ring.next, *next; at != &all->ring; at = next) {
        struct connection *c = CONTAINER(at, struct connection, link);
        next = at->next;
        if (!c->published && c->state != CONNECTION_HELD && !judge_again(&all->gateway->judge, &c->target))
            connection_refuse(c, REFUSED_POLICY, NULL);
    }
}
