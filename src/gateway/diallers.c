/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: close */
#include "gateway/diallers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "gateway/limits.h"
#include "ipc/dialler.h"
#include "ipc/packet.h"

struct dialler {
    struct source source;
    struct socket_maker maker;
    struct job job; /* releases it */
    struct diallers *all;
    struct dialler_ports ports;
    struct dialler *next;
};

struct diallers {
    struct gateway_process *gateway;
    size_t n;
    struct dialler *list;
};

struct diallers *diallers_new(struct gateway_process *gateway)
{
    struct diallers *all = calloc(1, sizeof(*all));
    if (all)
        all->gateway = gateway;
    return all;
}

static void release(struct job *job)
{
    free(CONTAINER(job, struct dialler, job));
}

static void end(struct dialler *d)
{
    struct diallers *all = d->all;
    for (struct dialler **at = &all->list; *at; at = &(*at)->next) {
        if (*at == d) {
            *at = d->next;
            break;
        }
    }
    all->n--;
    loop_close(&d->source);
    socket_maker_lost(&d->maker);
    loop_bury(&all->gateway->loop, &d->job);
}

static void on_answer(struct source *source, uint32_t events)
{
    struct dialler *d = CONTAINER(source, struct dialler, source);
    (void)events;
    if (!socket_maker_serve(&d->maker))
        end(d);
}

/* What it said when it was ready. */
static int read_hello(int channel, struct dialler_ports *ret)
{
    struct dialler_hello hello;
    _cleanup_close_ int unasked = -1;
    int r = packet_receive(channel, &hello, sizeof(hello), &unasked);
    if (r < 0 || unasked >= 0 || hello.error || !hello.ports.n || hello.ports.n > DIALLER_RANGES_MAX)
        return -EINVAL; /* the monitor cannot know: it is no order that is wrong */
    *ret = hello.ports;
    return 0;
}

int diallers_add(struct diallers *all, int channel)
{
    _cleanup_close_ int fd = channel;
    if (!all->gateway->hears_all)
        return -EOPNOTSUPP;
    if (all->n == LIMIT_DIALLERS)
        return -ENFILE;
    struct dialler *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    *d = (struct dialler){ .source = { .ready = on_answer, .fd = fd }, .job = { .run = release }, .all = all,
                           .next = all->list };
    link_init(&d->job.link);
    socket_maker_init(&d->maker, fd);
    int r = read_hello(fd, &d->ports);
    if (r >= 0)
        r = loop_watch(&all->gateway->loop, &d->source, EPOLLIN);
    if (r < 0) {
        free(d);
        return r;
    }
    d->source.fd = TAKE_FD(fd);
    all->list = d;
    all->n++;
    return 0;
}

bool diallers_needed(const struct diallers *all, uint16_t port)
{
    const struct judge *judge = &all->gateway->judge;
    for (size_t i = 0; i < judge->n_ports; i++)
        if (judge->ports[i] == port)
            return false;
    return judge->ports != NULL;
}

int diallers_ask(struct diallers *all, const struct ip *address, uint16_t port, struct socket_wish *wish)
{
    struct dial_request q = { .port = port, .version = address->version };
    memcpy(q.byte, address->byte, sizeof(q.byte));
    int r = -EACCES;
    for (struct dialler *d = all->list; d && r < 0; d = d->next)
        if (dialler_ports_have(&d->ports, port))
            r = socket_maker_ask(&d->maker, &q, sizeof(q), wish);
    return r;
}

/* Is there a port from first to last that we may not connect to ourselves? */
static bool any_needed(const struct diallers *all, unsigned first, unsigned last)
{
    for (unsigned port = first; port <= last; port++)
        if (diallers_needed(all, (uint16_t)port))
            return true;
    return false;
}

static bool rule_wants(const struct dialler *d, const struct net_ports *ports)
{
    for (size_t i = 0; i < d->ports.n && ports->scheme != NET_UDP; i++) {
        const struct dialler_range *range = &d->ports.range[i];
        if (any_needed(d->all, range->first > ports->first ? range->first : ports->first,
                       range->last < ports->last ? range->last : ports->last))
            return true;
    }
    return false;
}

/* Is there a rule still that takes it? */
static bool wanted(const struct dialler *d)
{
    const struct egress_policy *policy = &d->all->gateway->judge.policy;
    for (size_t i = 0; i < policy->n_allow; i++)
        for (size_t k = 0; k < policy->allow[i].n_ports; k++)
            if (rule_wants(d, &policy->allow[i].ports[k]))
                return true;
    return false;
}

void diallers_judge(struct diallers *all)
{
    for (struct dialler *d = all->list, *next; d; d = next) {
        next = d->next;
        if (!wanted(d))
            end(d);
    }
}
