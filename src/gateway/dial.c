/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a target to a connected socket: its addresses are looked up if it is a name, judged, and tried in turn, the next one
 * beside the last when that takes long (RFC 8305, without its sorting: IPv4 and IPv6 alternate).
 *
 * System calls: socket connect setsockopt getsockname close */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/connection.h"
#include "gateway/dial.h"
#include "gateway/diallers.h"
#include "gateway/resolve.h"
#include "gateway/socket_maker.h"
#include "gateway/upstream.h"

struct attempt {
    struct source source;
    struct socket_wish wish; /* of a dialler's, for the source */
    bool wishing;
    struct dial *dial;
    struct ip ip;
};

struct dial {
    struct connection *connection;
    struct lookup lookup;
    struct timer timer;
    struct job job; /* releases it, after the events that may name its attempts */
    int64_t end;    /* ms: give up */
    size_t next;    /* the address to be tried next */
    size_t running; /* attempts */
    int error;      /* of the last attempt that failed */
    uint16_t port;
    bool proxied;   /* the addresses are the proxy's */
    struct upstream_talk *talk;
    struct addresses addresses;
    struct attempt attempts[LIMIT_DIAL_AT_ONCE];
};

static size_t n_dials;
static struct timer_queue next_queue;

static void release(struct job *job)
{
    free(CONTAINER(job, struct dial, job));
    n_dials--;
}

static void end_attempt(struct attempt *a)
{
    if (a->wishing)
        socket_wish_forget(&a->wish);
    a->wishing = false;
    if (a->source.fd >= 0)
        loop_forget(&a->dial->connection->gateway->loop, a->source.fd); /* a dialler may hold it still */
    loop_close(&a->source);
}

static void end_attempts(struct dial *d)
{
    for (size_t i = 0; i < LIMIT_DIAL_AT_ONCE; i++)
        end_attempt(&d->attempts[i]);
}

void dial_end(struct connection *c)
{
    struct dial *d = c->dial;
    if (!d)
        return;
    c->dial = NULL;
    resolver_cancel(&d->lookup);
    upstream_end(d->talk);
    end_attempts(d);
    loop_stop_timer(&d->timer);
    loop_bury(&c->gateway->loop, &d->job);
}

static void fail(struct dial *d)
{
    char text[128];
    if (d->error == EACCES && diallers_needed(d->connection->gateway->diallers, d->port)) {
        connection_refuse(d->connection, REFUSED_UNREACHABLE,
                          "what connected to this port has ended; revoke the rule and grant it again");
        return;
    }
    snprintf(text, sizeof(text), "%s%s", d->proxied ? "the proxy: " : "", strerror(d->error ? d->error : ETIMEDOUT));
    connection_refuse(d->connection, REFUSED_UNREACHABLE, text);
}

static void on_proxy(void *data, const char *why)
{
    struct dial *d = data;
    if (why)
        connection_refuse(d->connection, REFUSED_UNREACHABLE, why);
    else
        connection_relay(d->connection, upstream_take(d->talk));
}

/* The proxy is reached: ask it, and try no other of its addresses. */
static void ask_proxy(struct dial *d, struct attempt *a)
{
    struct gateway_process *g = d->connection->gateway;
    int fd = TAKE_FD(a->source.fd);
    loop_forget(&g->loop, fd);
    end_attempts(d);
    d->running = 1;
    d->next = d->addresses.n;
    d->talk = upstream_begin(&g->loop, &g->judge.policy, &d->connection->target, fd, on_proxy, d);
    if (!d->talk)
        connection_refuse(d->connection, REFUSED_FULL, "no memory to talk to the proxy");
}

static void succeed(struct dial *d, struct attempt *a)
{
    if (d->proxied) {
        ask_proxy(d, a);
        return;
    }
    int fd = TAKE_FD(a->source.fd);
    d->connection->target.dialled = a->ip;
    /* It leaves the attempt's place in epoll for one of the connection's own. */
    loop_forget(&d->connection->gateway->loop, fd);
    connection_relay(d->connection, fd);
}

static void try_next(struct dial *d);

/* Not that address. */
static void lose_attempt(struct attempt *a, int error)
{
    struct dial *d = a->dial;
    d->error = error;
    end_attempt(a);
    d->running--;
    try_next(d);
}

static void on_attempt(struct source *source, uint32_t events)
{
    struct attempt *a = CONTAINER(source, struct attempt, source);
    if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
        return;
    int error = socket_connect_error(source->fd, events);
    if (error)
        lose_attempt(a, error);
    else
        succeed(a->dial, a);
}

static void on_made(struct socket_wish *wish, int fd)
{
    struct attempt *a = CONTAINER(wish, struct attempt, wish);
    int r = fd < 0 ? fd : 0;
    a->wishing = false;
    a->source.fd = fd;
    if (r >= 0)
        r = loop_watch(&a->dial->connection->gateway->loop, &a->source, EPOLLOUT);
    if (r < 0)
        lose_attempt(a, -r);
}

static struct attempt *free_attempt(struct dial *d)
{
    for (size_t i = 0; i < LIMIT_DIAL_AT_ONCE; i++)
        if (d->attempts[i].source.fd < 0 && !d->attempts[i].wishing)
            return &d->attempts[i];
    return NULL;
}

/* A socket of our own that connects there, or -errno. */
static int connect_to(const struct ip *ip, uint16_t port)
{
    struct sockaddr_storage address;
    socklen_t len = ip_to_sockaddr(ip, port, &address);
    _cleanup_close_ int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (ip_classify(ip) == IP_LOOPBACK)
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4); /* as netlink/link.c says */
    return connect(fd, (struct sockaddr *)&address, len) < 0 && errno != EINPROGRESS ? -errno : TAKE_FD(fd);
}

/* 0: under way; -errno. */
static int begin_attempt(struct dial *d, struct attempt *a, const struct ip *ip)
{
    struct gateway_process *g = d->connection->gateway;
    *a = (struct attempt){ .source = { .ready = on_attempt, .fd = -1 }, .dial = d, .ip = *ip };
    if (diallers_needed(g->diallers, d->port)) {
        socket_wish_init(&a->wish, on_made);
        int r = diallers_ask(g->diallers, ip, d->port, &a->wish);
        a->wishing = r >= 0;
        d->connection->lent = true;
        return r;
    }
    a->source.fd = connect_to(ip, d->port);
    int r = a->source.fd < 0 ? a->source.fd : loop_watch(&g->loop, &a->source, EPOLLOUT);
    if (r < 0)
        end_attempt(a);
    return r;
}

/* Try the next address, or give up when there is none and nothing under way. */
static void try_next(struct dial *d)
{
    struct gateway_process *g = d->connection->gateway;
    struct attempt *a;

    while (d->next < d->addresses.n && (a = free_attempt(d))) {
        int r = begin_attempt(d, a, &d->addresses.list[d->next++]);
        if (r >= 0) {
            d->running++;
            loop_set_timer(&g->loop, &next_queue, &d->timer);
            return;
        }
        d->error = -r;
    }
    if (d->running == 0)
        fail(d);
    else
        loop_set_timer(&g->loop, &next_queue, &d->timer);
}

static void on_next(struct timer *timer)
{
    struct dial *d = CONTAINER(timer, struct dial, timer);
    if (d->connection->gateway->loop.now >= d->end)
        fail(d);
    else
        try_next(d);
}

bool dial_is_own(const struct ip *ip)
{
    /* The kernel answers from where it would send to; from itself it means: here. Nothing is sent. */
    struct sockaddr_storage to, from;
    socklen_t len = ip_to_sockaddr(ip, 9, &to), from_len = sizeof(from);
    _cleanup_close_ int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ip source;
    uint16_t port;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, len) < 0)
        return false; /* no way there: dialling fails, too */
    if (getsockname(fd, (struct sockaddr *)&from, &from_len) < 0 ||
        ip_from_sockaddr((struct sockaddr *)&from, &source, &port) < 0)
        return true;
    return ip_equal(&source, ip);
}

/* Those that may be dialled, IPv4 and IPv6 in turn, the family that the jail's program chose first. */
static void order(const struct addresses *from, uint8_t first, struct addresses *to)
{
    size_t at[2] = { 0, 0 };
    *to = (struct addresses){ .ttl = from->ttl };
    for (int turn = 0; to->n < from->n; turn = !turn) {
        uint8_t version = turn ? (first == 4 ? 6 : 4) : first;
        while (at[turn] < from->n && from->list[at[turn]].version != version)
            at[turn]++;
        if (at[turn] < from->n)
            to->list[to->n++] = from->list[at[turn]++];
    }
}

/* Addresses that the rule does not name, and no public service can have, are left out. */
static bool judge_all(struct dial *d, const struct addresses *found)
{
    struct connection *c = d->connection;
    struct addresses good = { .ttl = found->ttl };
    struct ip bad = { 0 };
    const char *why = NULL;
    for (size_t i = 0; i < found->n; i++) {
        bool own;
        const char *reason = judge_address(&c->gateway->judge, &c->target, &found->list[i], &own);
        if (!reason && !own && dial_is_own(&found->list[i]))
            reason = "one of this host's own";
        if (!reason) {
            good.list[good.n++] = found->list[i];
            continue;
        }
        bad = found->list[i];
        why = reason;
    }
    if (good.n == 0) {
        c->target.address = bad;
        connection_refuse(c, REFUSED_PRIVATE, why ? why : "none");
        return false;
    }
    order(&good, c->target.address.version == 6 ? 6 : 4, &d->addresses);
    return true;
}

static void on_addresses(struct lookup *lookup, const struct addresses *addresses, const char *text)
{
    struct dial *d = CONTAINER(lookup, struct dial, lookup);
    if (!addresses) {
        connection_refuse(d->connection, REFUSED_UNRESOLVED, text);
    } else if (d->proxied) { /* the user named it: it may be anywhere */
        order(addresses, 4, &d->addresses);
        try_next(d);
    } else if (judge_all(d, addresses)) {
        try_next(d);
    }
}

/* Dial the proxy instead. */
static void dial_proxy(struct dial *d)
{
    struct gateway_process *g = d->connection->gateway;
    const struct egress_policy *p = &g->judge.policy;
    struct addresses one = { .n = 1 };
    d->proxied = true;
    d->port = p->upstream_port;
    if (ip_parse(p->upstream_host, &one.list[0]) < 0)
        resolver_ask(g->resolver, p->upstream_host, &d->lookup);
    else
        on_addresses(&d->lookup, &one, NULL);
}

void dial_init(struct loop *loop)
{
    loop_add_queue(loop, &next_queue, TIME_DIAL_NEXT, on_next);
}

void dial_start(struct connection *c)
{
    struct dial *d = n_dials < LIMIT_DIALS ? calloc(1, sizeof(*d)) : NULL;
    if (!d) {
        connection_refuse(c, REFUSED_FULL, "too many servers that have not answered yet");
        return;
    }
    n_dials++;
    c->dial = d;
    d->connection = c;
    d->end = c->gateway->loop.now + TIME_DIAL;
    d->job.run = release;
    d->lookup.answered = on_addresses;
    link_init(&d->job.link);
    link_init(&d->timer.link);
    for (size_t i = 0; i < LIMIT_DIAL_AT_ONCE; i++)
        d->attempts[i] = (struct attempt){ .source = { .fd = -1 }, .dial = d };

    struct addresses one = { .n = 1, .list = { c->target.dial_address } };
    d->port = c->target.dial_port;
    if (upstream_serves(&c->gateway->judge.policy, &c->target))
        dial_proxy(d);
    else if (c->target.way == TARGET_NAME)
        resolver_ask(c->gateway->resolver, c->target.name, &d->lookup);
    else if (judge_all(d, &one))
        try_next(d);
}
