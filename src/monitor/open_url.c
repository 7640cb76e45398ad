/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/open_url.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ip.h"
#include "gateway/verdict.h"
#include "monitor/account.h"
#include "monitor/ask.h"
#include "monitor/egress_policy.h"
#include "monitor/gateway.h"
#include "monitor/live.h"
#include "monitor/loop.h"
#include "monitor/publish.h"
#include "profile/net_change.h"

enum { MINUTE = 60000, BUSY_MS = 20, SHOWN_MAX = 400 };

bool open_url_wanted(const struct policy *policy)
{
    return policy->open_url != OPEN_URL_DENY && (policy->network == NETWORK_FILTERED || policy->network == NETWORK_OPEN);
}

static void finish(struct loop *l, enum open_result result)
{
    struct open_url *o = &l->open;
    o->state = OPENING_NOTHING;
    cleanup_close(&o->listener);
    (void)gateway_opened(l->s->gateway, o->id, result); /* who gets no answer gives up, when its time is over */
}

static void enter(struct loop *l, enum open_state state)
{
    l->open.state = state;
    l->open.until = loop_now() + OPEN_STEP_TIME;
}

/* --- may it be opened? --- */

/* True if a rule denies the host, which the summary then tells. */
static bool is_denied(struct loop *l, const struct web_url *u)
{
    _cleanup_egress_source_ struct egress_source source = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    struct policy rules = *l->s->policy;
    struct decision d;
    struct ip ip;
    rules.upstream = (struct upstream){ 0 }; /* its password's file is of no interest here */
    if (egress_source_fill(&rules, &source, &why) < 0)
        return true;
    if (ip_parse(u->host, &ip) == 0)
        verdict_address(&source.egress, &ip, u->port, false, &d);
    else
        verdict_connect(&source.egress, u->host, u->port, false, &d);
    if (d.verdict != VERDICT_DENY || d.reason != VERDICT_BY_RULE)
        return false;
    int i = verdict_rule_number(&source.egress, d.rule) - (int)rules.n_net_allow;
    summary_denied(&l->summary, "open", u->text, i >= 0 ? rules.net_deny[i].origin : (struct origin){ 0 }, "");
    return true;
}

static bool is_published(const struct policy *policy, uint16_t port)
{
    for (size_t i = 0; i < policy->n_published; i++)
        if (policy->published[i].outside == port && policy->published[i].inside == port)
            return true;
    return false;
}

static struct open_lease *find_lease(struct open_url *o, uint16_t port)
{
    for (size_t i = 0; i < OPEN_LEASES_MAX; i++)
        if (o->leases[i].port == port)
            return &o->leases[i];
    return NULL;
}

static bool can_publish(struct loop *l, const struct web_url *u)
{
    _cleanup_buf_ struct buf why = { 0 };
    const struct port_grant grant = { .inside = u->callback, .outside = u->callback };
    if (is_published(l->s->policy, u->callback))
        return true;
    if (find_lease(&l->open, 0) && publish_check(l->s->policy, &grant, &why) >= 0)
        return true;
    summary_denied(&l->summary, "open", u->text, (struct origin){ 0 }, "");
    return false;
}

/* More than a person would want opened within a minute? */
static bool too_often(struct open_url *o, int64_t now)
{
    if (now - o->minute_begins >= MINUTE) {
        o->minute_begins = now;
        o->in_minute = 0;
    }
    return o->in_minute++ >= OPEN_MINUTE_MAX;
}

/* OPEN_DONE if nothing but the user can be against it. */
static enum open_result judge(struct loop *l, const struct gateway_url *raw, struct web_url *ret)
{
    const struct policy *p = l->s->policy;
    const char *why;
    if (l->stage == STAGE_OVER || !open_url_wanted(p))
        return OPEN_DENIED;
    if (web_url_parse(raw->bytes, raw->len, ret, &why) < 0)
        return OPEN_NO_URL;
    if (ret->place == WEB_LOCAL && p->open_url == OPEN_URL_ALLOW) {
        summary_denied(&l->summary, "open", ret->text, p->open_url_origin, "open-url = ask");
        return OPEN_NOT_PUBLIC;
    }
    if (ret->place != WEB_LOOPBACK && is_denied(l, ret))
        return OPEN_DENIED;
    if (ret->place == WEB_LOOPBACK && !ret->callback) /* of the host's own, below 1024 */
        return OPEN_PORT;
    if (ret->callback && !can_publish(l, ret))
        return OPEN_PORT;
    if (l->open.never)
        return OPEN_REFUSED;
    return too_often(&l->open, loop_now()) ? OPEN_BUSY : OPEN_DONE;
}

int open_url_compose(const struct loop *l, bool brief, struct buf *out)
{
    const struct web_url *u = &l->open.url;
    size_t len = strlen(u->text), shown = brief ? SHOWN_MAX / 2 : SHOWN_MAX;
    char rest[48] = "", port[128] = "";
    if (len > shown)
        snprintf(rest, sizeof(rest), "... (and %zu characters more)", len - shown);
    if (u->callback && !is_published(l->s->policy, u->callback))
        snprintf(port, sizeof(port), "Port %u of 127.0.0.1 will lead into the jail%s.", u->callback,
                 u->place == WEB_LOOPBACK ? "" : " for 10 minutes, for its answer");
    if (brief)
        return buf_printf(out, "%.*s%s\n%s%sNo answer is no.", (int)shown, u->text, rest, port, *port ? " " : "");
    int r = buf_printf(out,
                       "agentjail asks: may the command open this page in your browser?\n \n"
                       "    %s\n \n"
                       "%.*s%s\n", u->host, (int)shown, u->text, rest);
    if (r >= 0 && *port)
        r = buf_printf(out, "%s\n", port);
    return r < 0 ? r : buf_printf(out,
                                  "Type one of these words and Enter. No answer within %d seconds is no.\n"
                                  "    open\n"
                                  "    no\n"
                                  "    never    no, and ask no more in this run\n", ASK_TIME / 1000);
}

/* --- opening it --- */

static void start_browser(struct loop *l)
{
    struct desktop_message m = { .kind = DESKTOP_OPEN, .id = l->open.id };
    snprintf(m.text, sizeof(m.text), "%s", l->open.url.text);
    enter(l, OPENING_STARTS);
    if (desktop_send(&l->ask.desktop, &m) < 0)
        finish(l, OPEN_NO_BROWSER);
}

static int64_t lease_end(const struct open_url *o)
{
    return o->url.place == WEB_LOOPBACK ? 0 : loop_now() + OPEN_LEASE_TIME;
}

static void begin(struct loop *l)
{
    struct open_url *o = &l->open;
    struct desktop_message m = { .kind = DESKTOP_LISTEN, .id = o->id, .value = o->url.callback };
    struct open_lease *lease = o->url.callback ? find_lease(o, o->url.callback) : NULL;
    if (lease && lease->until)
        lease->until = lease_end(o);
    if (!o->url.callback || is_published(l->s->policy, o->url.callback)) {
        start_browser(l);
        return;
    }
    enter(l, OPENING_LISTENS);
    if (desktop_send(&l->ask.desktop, &m) < 0)
        finish(l, OPEN_NO_BROWSER);
}

/* Once no other change is under way. */
static void publish(struct loop *l)
{
    struct open_url *o = &l->open;
    _cleanup_buf_ struct buf why = { 0 };
    const struct port_grant grant = { .inside = o->url.callback, .outside = o->url.callback,
                                      .origin = { "for a page it opened", 0 } };
    if (o->listener >= 0 && !l->live.kind && live_publish(l, &grant, TAKE_FD(o->listener), &why) < 0)
        finish(l, OPEN_PORT);
}

void open_url_published(struct loop *l, uint16_t outside, int error)
{
    struct open_url *o = &l->open;
    if (o->state != OPENING_PUBLISHES || o->listener >= 0 || o->url.callback != outside)
        return;
    if (error) {
        finish(l, OPEN_PORT);
        return;
    }
    struct open_lease *lease = find_lease(o, 0);
    if (lease)
        *lease = (struct open_lease){ outside, lease_end(o) };
    start_browser(l);
}

void open_url_event(struct loop *l, const struct gateway_event *e, const struct gateway_url *raw)
{
    struct open_url *o = &l->open;
    struct web_url url;
    enum open_result result = o->state == OPENING_NOTHING ? judge(l, raw, &url) : OPEN_BUSY;
    if (result != OPEN_DONE) {
        (void)gateway_opened(l->s->gateway, e->count, result);
        return;
    }
    o->id = e->count;
    o->url = url;
    if (l->s->policy->open_url == OPEN_URL_ALLOW) {
        account_answer(l, url.host, url.port, true, "open-url = allow");
        begin(l);
        return;
    }
    o->state = OPENING_ASKS;
    if (!ask_page(l, o->id))
        finish(l, OPEN_BUSY);
}

void open_url_answered(struct loop *l, enum open_result result, bool never)
{
    if (never)
        l->open.never = true;
    if (l->open.state != OPENING_ASKS)
        return;
    if (result == OPEN_DONE)
        begin(l);
    else
        finish(l, result);
}

void open_url_desktop(struct loop *l, const struct desktop_message *m, int *fd)
{
    struct open_url *o = &l->open;
    if (m->id != o->id)
        return;
    if (m->kind == DESKTOP_OPENED && o->state == OPENING_STARTS) {
        finish(l, m->value == 0 ? OPEN_DONE : OPEN_NO_BROWSER);
    } else if (m->kind == DESKTOP_LISTENING && o->state == OPENING_LISTENS) {
        if (m->value != 0 || *fd < 0) {
            if (*m->text && l->s->policy->open_url == OPEN_URL_ASK)
                loop_say(l, m->text);
            finish(l, OPEN_PORT);
            return;
        }
        enter(l, OPENING_PUBLISHES);
        o->listener = TAKE_FD(*fd);
        publish(l);
    }
}

/* A port whose time is over is published no more. One that somebody else took back is none of ours any more. */
static void end_lease(struct loop *l, struct open_lease *lease)
{
    _cleanup_buf_ struct buf why = { 0 };
    const struct port_grant grant = { .inside = lease->port, .outside = lease->port };
    if (!l->live.kind && live_unpublish(l, &grant, &why) != -EBUSY)
        *lease = (struct open_lease){ 0 };
}

void open_url_serve(struct loop *l)
{
    struct open_url *o = &l->open;
    int64_t now = loop_now();
    if (o->state == OPENING_PUBLISHES)
        publish(l);
    if (o->state > OPENING_ASKS && o->until <= now)
        finish(l, o->state == OPENING_STARTS ? OPEN_NO_BROWSER : OPEN_PORT);
    for (size_t i = 0; i < OPEN_LEASES_MAX; i++)
        if (o->leases[i].port && o->leases[i].until && o->leases[i].until <= now)
            end_lease(l, &o->leases[i]);
}

int64_t open_url_next(const struct loop *l)
{
    const struct open_url *o = &l->open;
    int64_t next = o->state > OPENING_ASKS ? o->until : 0;
    if (o->listener >= 0) /* another change is under way, which takes milliseconds */
        next = loop_now() + BUSY_MS;
    for (size_t i = 0; i < OPEN_LEASES_MAX; i++) {
        int64_t until = o->leases[i].port ? o->leases[i].until : 0;
        if (until && l->live.kind)
            until = until > loop_now() + BUSY_MS ? until : loop_now() + BUSY_MS;
        if (until && (!next || until < next))
            next = until;
    }
    return next;
}

void open_url_end(struct loop *l)
{
    cleanup_close(&l->open.listener);
}
