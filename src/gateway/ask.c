/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: sendto */
#include "gateway/ask.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/limits.h"
#include "gateway/refusals.h"

enum asked_state { ASKED_NOTHING, ASKED_WAITING, ASKED_ALLOWED, ASKED_DENIED };

/* One name and port that the user is or was asked about. */
struct asked {
    const char *name; /* in the table of names: one spelling, one pointer */
    uint16_t port;
    enum asked_state state;
    bool unanswered;  /* ASKED_DENIED: nobody said so */
    uint32_t id;
    int64_t until;    /* what was said holds as long, ms of CLOCK_MONOTONIC; 0: to the end */
    struct link held; /* connections that wait for it */
};

struct asks {
    struct gateway_process *gateway;
    int channel;
    uint32_t last_id;
    bool never; /* the user wants no more questions */
    size_t n_held;
    struct asked list[LIMIT_ASKED];
    struct timer_queue waiting;
};

static void on_late(struct timer *timer)
{
    struct connection *c = CONTAINER(timer, struct connection, timer);
    connection_refuse(c, REFUSED_UNANSWERED, NULL);
}

struct asks *asks_new(struct gateway_process *gateway, int channel)
{
    struct asks *a = calloc(1, sizeof(*a));
    if (!a)
        return NULL;
    a->gateway = gateway;
    a->channel = channel;
    for (size_t i = 0; i < LIMIT_ASKED; i++)
        link_init(&a->list[i].held);
    loop_add_queue(&gateway->loop, &a->waiting, TIME_HELD, on_late);
    return a;
}

static bool over(const struct asks *a, const struct asked *q)
{
    return q->state == ASKED_NOTHING || (q->state != ASKED_WAITING && q->until && q->until <= a->gateway->loop.now);
}

static struct asked *find(struct asks *a, const struct target *t)
{
    for (size_t i = 0; i < LIMIT_ASKED; i++)
        if (a->list[i].name == t->name && a->list[i].port == t->port && !over(a, &a->list[i]))
            return &a->list[i];
    return NULL;
}

/* A place: one whose time is over, else what was denied first. What is allowed, and what waits, stays. */
static struct asked *find_place(struct asks *a)
{
    struct asked *oldest = NULL;
    for (size_t i = 0; i < LIMIT_ASKED; i++) {
        struct asked *q = &a->list[i];
        if (over(a, q))
            return q;
        if (q->state == ASKED_DENIED && (!oldest || q->id < oldest->id))
            oldest = q;
    }
    return oldest;
}

static size_t count_waiting(const struct asks *a)
{
    size_t n = 0;
    for (size_t i = 0; i < LIMIT_ASKED; i++)
        n += a->list[i].state == ASKED_WAITING;
    return n;
}

/* As a rule without a scheme would allow it. */
static void allow(struct target *t)
{
    t->decision = (struct decision){
        .verdict = VERDICT_ALLOW,
        .reason = VERDICT_BY_ANSWER,
        .scheme = t->port == 443 ? NET_TLS : t->port == 80 ? NET_HTTP : NET_TCP,
    };
}

/* The monitor that is behind, or a place that is not to be had: no. */
static struct asked *ask(struct asks *a, const struct target *t)
{
    struct asked *q = count_waiting(a) < LIMIT_ASKED_AT_ONCE ? find_place(a) : NULL;
    if (!q)
        return NULL;
    struct gateway_event e = { .kind = GATEWAY_ASK, .protocol = GATEWAY_TCP, .port = t->port, .rule = -1,
                               .count = a->last_id + 1 };
    snprintf(e.name, sizeof(e.name), "%s", t->name);
    if (gateway_event_send(a->channel, &e) < 0)
        return NULL;
    *q = (struct asked){ .name = t->name, .port = t->port, .state = ASKED_WAITING, .id = ++a->last_id };
    link_init(&q->held);
    return q;
}

enum verdict ask_about(struct asks *a, struct target *t, enum gateway_reason *ret_reason, const char **ret_text)
{
    *ret_reason = REFUSED_FULL;
    *ret_text = "too many names were asked about";
    if (!t->name) {
        *ret_reason = REFUSED_POLICY;
        return VERDICT_DENY;
    }
    struct asked *q = find(a, t);
    if (!q && a->never) {
        *ret_reason = REFUSED_ASKED;
        *ret_text = NULL;
        return VERDICT_DENY;
    }
    if (!q)
        q = ask(a, t);
    if (q && q->state == ASKED_ALLOWED) {
        allow(t);
        return VERDICT_ALLOW;
    }
    if (q && q->state == ASKED_DENIED) {
        *ret_reason = q->unanswered ? REFUSED_UNANSWERED : REFUSED_ASKED;
        *ret_text = NULL;
        return VERDICT_DENY;
    }
    if (!q || a->n_held >= LIMIT_HELD)
        return VERDICT_DENY;
    return VERDICT_ASK;
}

void ask_hold(struct connection *c)
{
    struct asks *a = c->gateway->asks;
    struct asked *q = find(a, &c->target);
    if (!q) { /* cannot be: ask_about() has just said so */
        connection_refuse(c, REFUSED_UNANSWERED, NULL);
        return;
    }
    c->state = CONNECTION_HELD;
    a->n_held++;
    link_append(&q->held, &c->held);
    loop_set_timer(&c->gateway->loop, &a->waiting, &c->timer);
}

void ask_release(struct connection *c)
{
    if (c->state != CONNECTION_HELD)
        return;
    c->gateway->asks->n_held--;
    link_remove(&c->held);
    loop_stop_timer(&c->timer);
}

/* What came while it was held is told once only: look at it now. */
static void resume(struct connection *c)
{
    ask_release(c);
    connection_judged(c);
    if (c->state != CONNECTION_DEAD)
        loop_again(&c->gateway->loop, &c->job);
}

/* One that waited, by what is known now. */
static void go_on(struct connection *c, const struct asked *q)
{
    if (q->state == ASKED_ALLOWED) {
        allow(&c->target);
        resume(c);
    } else {
        connection_refuse(c, q->unanswered ? REFUSED_UNANSWERED : REFUSED_ASKED, NULL);
    }
}

int ask_answered(struct asks *a, const struct gateway_order *order)
{
    bool never = order->verdict == ANSWER_NEVER;
    if (!order->verdict || order->verdict >= GATEWAY_ANSWERS)
        return -EBADMSG;
    if (never)
        a->never = true;
    for (size_t i = 0; i < LIMIT_ASKED; i++) {
        struct asked *q = &a->list[i];
        if (q->state != ASKED_WAITING || (q->id != order->question && !never))
            continue;
        q->state = order->verdict == ANSWER_ALLOW  ? ASKED_ALLOWED
                   : order->verdict == ANSWER_OVER ? ASKED_NOTHING : ASKED_DENIED;
        q->unanswered = order->verdict == ANSWER_NONE || order->verdict == ANSWER_OVER;
        q->until = order->seconds ? a->gateway->loop.now + order->seconds * 1000 : 0;
        while (!link_alone(&q->held))
            go_on(CONTAINER(q->held.next, struct connection, held), q);
    }
    return 0;
}

void ask_again(struct asks *a)
{
    for (size_t i = 0; i < LIMIT_ASKED; i++) {
        struct asked *q = &a->list[i];
        struct link ring;
        link_init(&ring);
        while (!link_alone(&q->held))
            link_append(&ring, q->held.next);
        while (!link_alone(&ring)) {
            struct connection *c = CONTAINER(ring.next, struct connection, held);
            struct target now;
            bool allowed = judge_target(&a->gateway->judge, &c->target.address, c->target.port, false, &now);
            if (!allowed && now.decision.verdict == VERDICT_ASK) {
                link_append(&q->held, &c->held);
                continue;
            }
            c->target = now;
            if (allowed)
                resume(c);
            else
                connection_refuse(c, REFUSED_POLICY, NULL);
        }
    }
}
