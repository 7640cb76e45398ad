/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: sendto */
#include "gateway/refusals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/limits.h"

#define N_BUCKETS 256

struct counted {
    struct refusals *all;
    struct gateway_event event; /* as it was or will be told; count so far */
    uint32_t told;              /* its count then */
    struct counted *next;       /* in the bucket */
    struct timer timer;         /* runs when it was told lately */
};

struct refusals {
    struct gateway_process *gateway;
    int channel;
    size_t n;
    struct counted list[LIMIT_REFUSALS];
    struct counted *buckets[N_BUCKETS];
    struct counted surplus; /* what has no place in the list */
    struct timer_queue lately;
};

static void tell(struct refusals *all, struct counted *c)
{
    int r = gateway_event_send(all->channel, &c->event);
    if (r == -EPIPE || r == -ECONNRESET)
        _exit(0); /* the monitor is gone, and so is the jail */
    if (r == 0)
        c->told = c->event.count;
    loop_set_timer(&all->gateway->loop, &all->lately, &c->timer);
}

static void on_lately(struct timer *timer)
{
    struct counted *c = CONTAINER(timer, struct counted, timer);
    if (c->told != c->event.count)
        tell(c->all, c);
}

struct refusals *refusals_new(struct gateway_process *gateway, int channel)
{
    struct refusals *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    all->gateway = gateway;
    all->channel = channel;
    loop_add_queue(&gateway->loop, &all->lately, TIME_EVENT, on_lately);
    return all;
}

/* FNV-1a: what is counted together does not depend on it, only how fast it is found. */
static size_t hash(const struct gateway_event *e)
{
    uint32_t h = 2166136261U;
    const uint8_t *bytes = (const uint8_t *)e->name;
    for (size_t i = 0; bytes[i]; i++)
        h = (h ^ bytes[i]) * 16777619U;
    for (size_t i = 0; i < sizeof(e->address.byte); i++)
        h = (h ^ e->address.byte[i]) * 16777619U;
    h = (h ^ e->port) * 16777619U;
    return (h ^ h >> 16) % N_BUCKETS;
}

static bool same(const struct gateway_event *a, const struct gateway_event *b)
{
    return a->kind == b->kind && a->reason == b->reason && a->protocol == b->protocol && a->port == b->port &&
           a->rule == b->rule && a->decision == b->decision && ip_equal(&a->address, &b->address) &&
           strcmp(a->name, b->name) == 0 && strcmp(a->text, b->text) == 0;
}

static struct counted *find(struct refusals *all, const struct gateway_event *e)
{
    struct counted **bucket = &all->buckets[hash(e)];
    for (struct counted *c = *bucket; c; c = c->next)
        if (same(&c->event, e))
            return c;
    if (all->n >= LIMIT_REFUSALS)
        return NULL;
    struct counted *c = &all->list[all->n++];
    c->all = all;
    c->event = *e;
    c->next = *bucket;
    *bucket = c;
    link_init(&c->timer.link);
    return c;
}

static void count(struct refusals *all, const struct gateway_event *e)
{
    struct counted *c = find(all, e);
    if (!c) { /* so many different ones: a scan, or names as a channel. They are counted together */
        c = &all->surplus;
        if (!c->all) {
            c->all = all;
            c->event = (struct gateway_event){ .kind = GATEWAY_REFUSED, .reason = REFUSED_FULL, .rule = -1 };
            snprintf(c->event.text, sizeof(c->event.text), "too many different refusals to tell apart");
            link_init(&c->timer.link);
        }
    }
    c->event.count++;
    if (link_alone(&c->timer.link))
        tell(all, c);
}

static struct gateway_event describe(const struct gateway_process *gateway, const struct target *t)
{
    static const uint8_t protocols[N_NET_SCHEMES] = { [NET_TCP] = GATEWAY_TCP, [NET_TLS] = GATEWAY_TLS,
                                                      [NET_HTTP] = GATEWAY_HTTP, [NET_UDP] = GATEWAY_UDP };
    struct gateway_event e = { .port = t->port, .address = t->address };
    e.protocol = t->dns ? GATEWAY_DNS : t->udp ? GATEWAY_UDP : protocols[t->decision.scheme];
    e.decision = (uint8_t)t->decision.reason;
    e.class = (uint8_t)t->decision.class;
    e.rule = verdict_rule_number(&gateway->judge.policy, t->decision.rule);
    if (t->name)
        snprintf(e.name, sizeof(e.name), "%s", t->name);
    return e;
}

void refusals_add(struct gateway_process *gateway, const struct refusal *refusal)
{
    struct gateway_event e = describe(gateway, refusal->target);
    e.kind = GATEWAY_REFUSED;
    e.reason = (uint8_t)refusal->reason;
    if (refusal->text)
        snprintf(e.text, sizeof(e.text), "%s", refusal->text);
    count(gateway->refusals, &e);
}

void refusals_allowed(struct gateway_process *gateway, const struct target *target)
{
    struct gateway_event e = describe(gateway, target);
    e.kind = GATEWAY_ALLOWED;
    count(gateway->refusals, &e);
}
