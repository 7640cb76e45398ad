/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A flow is a client's socket in the jail, the address that it sends to, and a socket of ours that is connected to the server:
 * only its answers come back. What is refused is told to the monitor; the client gets no answer.
 *
 * System calls: socket connect sendto recvfrom close */
#include "gateway/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "gateway/datagram.h"
#include "gateway/dial.h"
#include "gateway/refusals.h"
#include "gateway/resolve.h"

enum { DATAGRAM_MAX = 65536, FIRST_MAX = 2048 };

struct udp_listener {
    struct source source;
    struct udp_flows *all;
    uint16_t port;
    bool named;       /* a rule has named it, if it is of a port that was granted while the jail runs */
    struct link link; /* of those: such a one is closed when no rule names its port any more */
    struct job job;
};

struct flow {
    struct source source; /* to the server; fd -1 while its address is looked up */
    struct udp_flows *all;
    struct udp_listener *listener;
    struct datagram_path path;
    struct target target;
    struct lookup lookup;
    struct timer timer;
    struct job job;
    struct link link;
    bool dead;
    size_t n_first;       /* what is sent when the address is known: the first datagram, if it is not long */
    uint8_t first[FIRST_MAX];
};

struct udp_flows {
    struct gateway_process *gateway;
    size_t n, n_late;
    struct link ring; /* the latest last */
    struct link late; /* listeners */
    struct timer_queue idle;
    uint8_t data[DATAGRAM_MAX];
};

static void release(struct job *job)
{
    struct flow *f = CONTAINER(job, struct flow, job);
    f->all->n--;
    free(f);
}

static void end_flow(struct flow *f)
{
    if (f->dead)
        return;
    f->dead = true;
    resolver_cancel(&f->lookup);
    loop_close(&f->source);
    loop_stop_timer(&f->timer);
    link_remove(&f->link);
    loop_bury(&f->all->gateway->loop, &f->job);
}

static void refuse(struct flow *f, enum gateway_reason reason, const char *text)
{
    struct refusal refusal = { .reason = reason, .target = &f->target, .text = text };
    refusals_add(f->all->gateway, &refusal);
    end_flow(f);
}

static void touch(struct flow *f)
{
    struct udp_flows *all = f->all;
    loop_set_timer(&all->gateway->loop, &all->idle, &f->timer);
}

static void on_idle(struct timer *timer)
{
    end_flow(CONTAINER(timer, struct flow, timer));
}

/* An error (ICMP: nobody listens there) ends the flow; the client is not told, and tries again. */
static void on_server(struct source *source, uint32_t events)
{
    struct flow *f = CONTAINER(source, struct flow, source);
    struct udp_flows *all = f->all;
    (void)events;
    for (int i = 0; i < LIMIT_UDP_BURST; i++) {
        ssize_t n = recv(source->fd, all->data, sizeof(all->data), MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            end_flow(f);
        if (n < 0)
            return;
        datagram_answer(f->listener->source.fd, &f->path, all->data, (size_t)n);
        touch(f);
    }
}

/* The first address that may be used. */
static const char *connect_flow(struct flow *f, const struct addresses *found)
{
    const char *why = "none";
    for (size_t i = 0; i < found->n; i++) {
        bool own;
        const char *reason = judge_address(&f->all->gateway->judge, &f->target, &found->list[i], &own);
        if (!reason && !own && dial_is_own(&found->list[i]))
            reason = "one of this host's own";
        if (reason) {
            f->target.address = found->list[i];
            why = reason;
            continue;
        }
        struct sockaddr_storage to;
        socklen_t len = ip_to_sockaddr(&found->list[i], f->target.dial_port, &to);
        f->source.fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (f->source.fd >= 0 && connect(f->source.fd, (struct sockaddr *)&to, len) == 0) {
            f->target.dialled = found->list[i];
            return NULL;
        }
        loop_close(&f->source);
        why = NULL;
    }
    return why ? why : "unreachable";
}

static void on_addresses(struct lookup *lookup, const struct addresses *addresses, const char *text)
{
    struct flow *f = CONTAINER(lookup, struct flow, lookup);
    if (!addresses) {
        refuse(f, REFUSED_UNRESOLVED, text);
        return;
    }
    const char *why = connect_flow(f, addresses);
    if (why) {
        refuse(f, REFUSED_PRIVATE, why);
        return;
    }
    if (loop_watch(&f->all->gateway->loop, &f->source, EPOLLIN) < 0) {
        end_flow(f);
        return;
    }
    refusals_allowed(f->all->gateway, &f->target);
    if (f->n_first)
        send(f->source.fd, f->first, f->n_first, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool same_path(const struct datagram_path *a, const struct datagram_path *b)
{
    return a->peer_len == b->peer_len && memcmp(&a->peer, &b->peer, a->peer_len) == 0 && ip_equal(&a->meant, &b->meant);
}

static struct flow *find_flow(const struct udp_listener *l, const struct datagram_path *path)
{
    const struct link *ring = &l->all->ring;
    for (struct link *at = ring->previous; at != ring; at = at->previous) {
        struct flow *f = CONTAINER(at, struct flow, link);
        if (f->listener == l && same_path(&f->path, path))
            return f;
    }
    return NULL;
}

static void start_flow(struct udp_listener *l, const struct datagram_path *path, const uint8_t *data, size_t n)
{
    struct udp_flows *all = l->all;
    struct target target;
    bool allowed = judge_target(&all->gateway->judge, &path->meant, l->port, true, &target);
    struct flow *f = allowed && all->n < LIMIT_UDP_FLOWS ? calloc(1, sizeof(*f)) : NULL;
    if (!f) {
        struct refusal refusal = { .reason = allowed ? REFUSED_FULL : REFUSED_POLICY, .target = &target,
                                   .text = allowed ? "too many UDP flows at a time" : NULL };
        refusals_add(all->gateway, &refusal);
        return;
    }
    all->n++;
    *f = (struct flow){ .source = { .ready = on_server, .fd = -1 }, .all = all, .listener = l, .path = *path, .target = target,
                        .lookup = { .answered = on_addresses }, .job = { .run = release } };
    link_init(&f->job.link);
    link_init(&f->timer.link);
    link_init(&f->link);
    link_append(&all->ring, &f->link);
    if (n <= FIRST_MAX) {
        memcpy(f->first, data, n);
        f->n_first = n;
    }
    touch(f);
    struct addresses one = { .n = 1, .list = { target.dial_address } };
    if (target.way == TARGET_NAME)
        resolver_ask(all->gateway->resolver, target.name, &f->lookup);
    else
        on_addresses(&f->lookup, &one, NULL);
}

static bool read_one(struct udp_listener *l)
{
    struct udp_flows *all = l->all;
    struct datagram_path path;
    ssize_t n = datagram_receive(l->source.fd, all->data, sizeof(all->data), &path);
    if (n < 0)
        return n == -EBADMSG;
    if ((size_t)n > sizeof(all->data))
        return true;
    struct flow *f = find_flow(l, &path);
    if (!f) {
        start_flow(l, &path, all->data, (size_t)n);
        return true;
    }
    touch(f);
    link_append(&all->ring, &f->link);
    if (f->source.fd >= 0)
        send(f->source.fd, all->data, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    return true;
}

static void on_listener(struct source *source, uint32_t events)
{
    struct udp_listener *l = CONTAINER(source, struct udp_listener, source);
    (void)events;
    for (int i = 0; i < LIMIT_UDP_BURST && read_one(l); i++)
        ;
}

static void release_listener(struct job *job)
{
    free(CONTAINER(job, struct udp_listener, job));
}

static bool any_rule_names(const struct egress_policy *policy, uint16_t port)
{
    for (size_t i = 0; i < policy->n_allow; i++)
        if (net_ports_find(policy->allow[i].ports, policy->allow[i].n_ports, port, true))
            return true;
    return false;
}

/* A closed port again, as it was. It has no flows. Who has made the socket may hold it a moment longer. */
static void end_listener(struct udp_listener *l)
{
    struct udp_flows *all = l->all;
    link_remove(&l->link);
    loop_forget(&all->gateway->loop, l->source.fd);
    loop_close(&l->source);
    all->n_late--;
    loop_bury(&all->gateway->loop, &l->job);
}

/* Its rule comes after it, and may go again; flows that no rule allows have ended by now. */
static void judge_listener(struct udp_listener *l)
{
    bool named = any_rule_names(&l->all->gateway->judge.policy, l->port);
    if (l->named && !named)
        end_listener(l);
    else
        l->named = named;
}

void udp_judge(struct udp_flows *all)
{
    for (struct link *at = all->ring.next, *next; at != &all->ring; at = next) {
        struct flow *f = CONTAINER(at, struct flow, link);
        next = at->next;
        if (!judge_again(&all->gateway->judge, &f->target))
            refuse(f, REFUSED_POLICY, NULL);
    }
    for (struct link *at = all->late.next, *next; at != &all->late; at = next) {
        next = at->next;
        judge_listener(CONTAINER(at, struct udp_listener, link));
    }
}

bool udp_room(struct udp_flows *all, size_t n)
{
    for (struct link *at = all->late.next, *next; at != &all->late; at = next) {
        struct udp_listener *l = CONTAINER(at, struct udp_listener, link);
        next = at->next;
        if (!l->named)
            end_listener(l);
    }
    return all->n_late + n <= LIMIT_UDP_LATE;
}

struct udp_flows *udp_new(struct gateway_process *gateway)
{
    struct udp_flows *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    all->gateway = gateway;
    link_init(&all->ring);
    link_init(&all->late);
    loop_add_queue(&gateway->loop, &all->idle, TIME_UDP, on_idle);
    return all;
}

int udp_start(struct gateway_process *gateway, int fd, uint16_t port, bool late)
{
    struct udp_listener *l = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    *l = (struct udp_listener){ .source = { .ready = on_listener, .fd = fd }, .all = gateway->udp, .port = port,
                                .job = { .run = release_listener } };
    link_init(&l->link);
    link_init(&l->job.link);
    int r = loop_watch(&gateway->loop, &l->source, EPOLLIN);
    if (r < 0) {
        free(l);
        return r;
    }
    if (late) {
        link_append(&gateway->udp->late, &l->link);
        gateway->udp->n_late++;
    }
    return 0;
}
