/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/gateway_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "monitor/account.h"
#include "monitor/alerts.h"
#include "monitor/egress_policy.h"
#include "monitor/gateway.h"
#include "monitor/learning.h"

#define LAST_WORDS_MS 200

static void refuse_to_run(struct loop *l, const char *text)
{
    loop_say(l, text);
    l->status = 125;
    loop_kill(l);
}

/* An order of ours. */
static void on_done(struct loop *l, const struct gateway_event *e)
{
    struct live_end end = live_done(l, e->count, e->rule);
    if (end.rules)
        ask_rules_changed(l);
    if (end.published)
        open_url_published(l, end.published, end.error);
}

static void on_event(struct loop *l, const struct gateway_event *e, const struct gateway_url *url)
{
    switch (e->kind) {
    case GATEWAY_FAILED:
        refuse_to_run(l, *e->text ? e->text : "the gateway failed");
        break;
    case GATEWAY_READY:
        l->gateway_ready = true;
        loop_go(l);
        gateway_entered(l->s->gateway);
        break;
    case GATEWAY_DONE:
        on_done(l, e);
        break;
    case GATEWAY_REFUSED:
        learning_host(l->s->learning, e);
        account_gateway(l, e, refused_add(&l->refused, e));
        alerts_refused(l);
        break;
    case GATEWAY_ALLOWED:
        learning_host(l->s->learning, e);
        account_gateway(l, e, reached_add(&l->reached, e));
        alerts_reached(l);
        break;
    case GATEWAY_ASK:
        ask_event(l, e);
        break;
    case GATEWAY_OPEN:
        open_url_event(l, e, url);
        break;
    default:
        break;
    }
}

/* Its sockets went with it, and the jail's network led to them only. */
static void on_lost(struct loop *l)
{
    cleanup_close(&l->s->gateway->events);
    live_lost(l);
    if (l->stage == STAGE_OVER || l->ending || l->killed)
        return;
    account_fence(l, false, NULL, "the gateway died, which closed the network");
    if (l->stage != STAGE_RUNNING) {
        refuse_to_run(l, "the gateway died before the command was started");
    } else if (l->s->policy->network == NETWORK_NONE) {
        loop_say(l, "the gateway died, which closed the published ports; the command goes on without");
    } else if (l->s->policy->gateway_lost == GATEWAY_LOST_STOP) {
        loop_say(l, "the gateway died, which closed the network; the command is ended (gateway-lost = stop)");
        loop_end(l, SIGTERM);
    } else {
        loop_say(l, "the gateway died, which closed the network; the command goes on without (gateway-lost = continue)");
    }
}

/* What has come; false at the end. */
static bool read_events(struct loop *l)
{
    for (;;) {
        struct gateway_event e;
        struct gateway_url url;
        int r = gateway_event_receive(l->s->gateway->events, &e, &url);
        if (r == -EAGAIN)
            return true;
        if (r < 0)
            return false;
        on_event(l, &e, &url);
    }
}

void gateway_serve(struct loop *l)
{
    if (!read_events(l))
        on_lost(l);
}

static void hand_over_refused(struct loop *l)
{
    _cleanup_egress_source_ struct egress_source source = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    if (l->refused.n && egress_source_fill(l->s->policy, &source, &why) >= 0)
        refused_tell(&l->refused, &source.egress, &l->summary);
    refused_free(&l->refused);
}

void gateway_end(struct loop *l)
{
    struct gateway *g = l->s->gateway;
    struct pollfd p = { .fd = g->events, .events = POLLIN };
    if (g->events >= 0)
        shutdown(g->events, SHUT_WR);
    int64_t end = loop_now() + LAST_WORDS_MS;
    for (int64_t left; g->events >= 0 && (left = end - loop_now()) > 0 && poll(&p, 1, (int)left) > 0;)
        if (!read_events(l))
            break;
    cleanup_close(&g->events);
    account_gateway_end(l);
    hand_over_refused(l);
}
