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
    bool changed;               /* since it was told */
    struct counted *next;       /* in the bucket */
    struct timer timer;         /* runs when it was told lately */
};

/* Refusals and what is allowed are counted apart: no flood of the ones hides the others. */
struct counts {
    size_t n, max;
    struct counted *list; /* max of them */
    struct counted *buckets[N_BUCKETS];
    struct counted surplus; /* what has no place in the list */
};

struct refusals {
    struct gateway_process *gateway;
    int channel;
    struct counts refused, allowed;
    struct counted done; /* the last order */
    struct timer_queue lately;
};

static void tell(struct refusals *all, struct counted *c)
{
    int r = gateway_event_send(all->channel, &c->event);
    if (r == -EPIPE || r == -ECONNRESET)
        _exit(0); /* the monitor is gone, and so is the jail */
    if (r == 0)
        c->changed = false;
    loop_set_timer(&all->gateway->loop, &all->lately, &c->timer);
}

static void on_lately(struct timer *timer)
{
    struct counted *c = CONTAINER(timer, struct counted, timer);
    if (c->changed)
        tell(c->all, c);
}

struct refusals *refusals_new(struct gateway_process *gateway, int channel)
{
    struct refusals *all = calloc(1, sizeof(*all));
    struct counted *lists = calloc(LIMIT_REFUSALS + LIMIT_ALLOWED, sizeof(*lists));
    if (!all || !lists) {
        free(all);
        free(lists);
        return NULL;
    }
    all->refused = (struct counts){ .max = LIMIT_REFUSALS, .list = lists };
    all->allowed = (struct counts){ .max = LIMIT_ALLOWED, .list = lists + LIMIT_REFUSALS };
    all->gateway = gateway;
    all->channel = channel;
    link_init(&all->done.timer.link);
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

static struct counted *find(struct refusals *all, struct counts *table, const struct gateway_event *e)
{
    struct counted **bucket = &table->buckets[hash(e)];
    for (struct counted *c = *bucket; c; c = c->next)
        if (same(&c->event, e))
            return c;
    if (table->n >= table->max)
        return NULL;
    struct counted *c = &table->list[table->n++];
    *c = (struct counted){ .all = all, .event = *e, .next = *bucket };
    *bucket = c;
    link_init(&c->timer.link);
    return c;
}

/* So many different ones: a scan, or names as a channel. They are counted together. */
static struct counted *surplus(struct refusals *all, struct counts *table, uint8_t kind)
{
    struct counted *c = &table->surplus;
    if (c->all)
        return c;
    c->all = all;
    c->event = (struct gateway_event){ .kind = kind, .reason = REFUSED_FULL, .rule = -1 };
    snprintf(c->event.text, sizeof(c->event.text), "too many different ones to tell apart");
    link_init(&c->timer.link);
    return c;
}

static void changed(struct counted *c)
{
    c->changed = true;
    if (link_alone(&c->timer.link))
        tell(c->all, c);
}

static struct counted *count(struct refusals *all, struct counts *table, const struct gateway_event *e)
{
    struct counted *c = find(all, table, e);
    if (!c)
        c = surplus(all, table, e->kind);
    c->event.count++;
    changed(c);
    return c;
}

static struct gateway_event describe(const struct gateway_process *gateway, const struct target *t)
{
    static const uint8_t protocols[N_NET_SCHEMES] = { [NET_TCP] = GATEWAY_TCP, [NET_TLS] = GATEWAY_TLS,
                                                      [NET_HTTP] = GATEWAY_HTTP, [NET_UDP] = GATEWAY_UDP };
    struct gateway_event e = { .port = t->port, .address = t->address };
    e.protocol = t->published ? GATEWAY_PUBLISHED : t->dns ? GATEWAY_DNS : t->udp ? GATEWAY_UDP : protocols[t->decision.scheme];
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
    (void)count(gateway->refusals, &gateway->refusals->refused, &e);
}

struct counted *refusals_allowed(struct gateway_process *gateway, const struct target *target)
{
    struct gateway_event e = describe(gateway, target);
    e.kind = GATEWAY_ALLOWED;
    e.rule = -1; /* numbers change with the policy */
    return count(gateway->refusals, &gateway->refusals->allowed, &e);
}

void refusals_moved(struct counted *place, uint64_t sent, uint64_t received)
{
    if (!place)
        return;
    place->event.sent += sent;
    place->event.received += received;
    changed(place);
}

/* The last word on what the old policy has refused. */
static void end_count(struct counted *c)
{
    if (c->changed)
        tell(c->all, c);
    loop_stop_timer(&c->timer);
}

static void end_counts(struct counts *table)
{
    for (size_t i = 0; i < table->n; i++)
        end_count(&table->list[i]);
    if (table->surplus.all)
        end_count(&table->surplus);
}

void refusals_flush(struct refusals *all)
{
    end_counts(&all->refused);
    end_counts(&all->allowed);
}

void refusals_begin_anew(struct refusals *all)
{
    struct counts *table = &all->refused;
    end_counts(table);
    table->surplus = (struct counted){ 0 };
    memset(table->buckets, 0, sizeof(table->buckets));
    table->n = 0;
}

void refusals_done(struct refusals *all, uint32_t number, int error)
{
    all->done.all = all;
    all->done.event = (struct gateway_event){ .kind = GATEWAY_DONE, .count = number, .rule = error };
    all->done.changed = true;
    tell(all, &all->done); /* again later, if the monitor is behind */
}
