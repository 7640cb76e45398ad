/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/alerts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "monitor/account.h"
#include "monitor/freeze.h"
#include "monitor/loop.h"

#define MINUTE_MS 60000

static const char *const doings[] = { [ALERT_END] = "; the command is ended (action = end)",
                                      [ALERT_FREEZE] = "; the command is frozen (agentjail --thaw=ID lets it go on)",
                                      [ALERT_TELL] = "" };

static void act(struct loop *l, const char *text)
{
    enum alert_action action = l->s->policy->alert_action;
    _cleanup_buf_ struct buf line = { 0 };
    account_alert(l, text);
    if (l->stage != STAGE_RUNNING || l->ending || l->killed)
        return; /* it is over: telling is all that is left */
    if (!l->s->policy->quiet && buf_printf(&line, "alert: %s%s", text, doings[action]) >= 0)
        loop_say(l, line.data);
    if (action == ALERT_FREEZE && loop_freeze(l) == 0)
        return;
    if (action != ALERT_TELL) {
        l->ended_by = "ended because a threshold of [alerts] was passed";
        loop_end(l, SIGTERM);
    }
}

static bool same_host(const struct gateway_event *a, const struct gateway_event *b)
{
    return strcmp(a->name, b->name) == 0 && (*a->name || ip_equal(&a->address, &b->address));
}

/* A host's ports and protocols count together; what is published is not sent by the jail of itself. */
static void check_host(struct loop *l, size_t i)
{
    const struct reached *r = &l->reached;
    const struct gateway_event *e = &r->list[i];
    uint64_t sent = 0, limit = l->s->policy->alert_sent.value;
    char host[GATEWAY_NAME_SIZE];
    _cleanup_buf_ struct buf text = { 0 };
    for (size_t k = 0; k < r->n; k++) {
        if (r->list[k].protocol == GATEWAY_PUBLISHED || !same_host(&r->list[k], e))
            continue;
        if (k < i)
            return; /* looked at with that one */
        sent += r->list[k].sent;
    }
    if (sent < limit || l->alerts.told[i])
        return;
    l->alerts.told[i] = true;
    if (buf_printf(&text, "%llu bytes were sent to %s; the threshold is %llu", (unsigned long long)sent,
                   reached_host(e, host), (unsigned long long)limit) >= 0)
        act(l, text.data);
}

void alerts_reached(struct loop *l)
{
    for (size_t i = 0; l->s->policy->alert_sent.set && i < l->reached.n; i++)
        check_host(l, i);
}

void alerts_refused(struct loop *l)
{
    struct alerts *a = &l->alerts;
    uint64_t now = 0, limit = l->s->policy->alert_denied.value;
    _cleanup_buf_ struct buf text = { 0 };
    if (!l->s->policy->alert_denied.set)
        return;
    for (size_t i = 0; i < l->refused.n; i++)
        now += l->refused.list[i].count ? l->refused.list[i].count : 1;
    now += refused_names_count(&l->refused_names);
    if (now < a->last) /* another policy, which counts anew */
        a->before = 0;
    if (!a->minute_at || loop_now() - a->minute_at >= MINUTE_MS) {
        a->minute_at = loop_now();
        a->before = a->last <= now ? a->last : 0;
    }
    a->last = now;
    if (now - a->before < limit || (a->denied_at && loop_now() - a->denied_at < MINUTE_MS))
        return;
    a->before = now;
    a->minute_at = a->denied_at = loop_now();
    if (buf_printf(&text, "%llu or more connections, names and files were denied within a minute",
                   (unsigned long long)limit) >= 0)
        act(l, text.data);
}
