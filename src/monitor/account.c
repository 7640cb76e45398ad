/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/account.h"

#include <stdio.h>
#include <string.h>

#include "gateway/verdict.h"
#include "monitor/control_requests.h"
#include "monitor/egress_policy.h"
#include "monitor/loop.h"
#include "monitor/run_report.h"

static struct event own(enum event_kind kind, enum event_activity activity)
{
    struct event e = EVENT_EMPTY;
    e.kind = kind;
    e.activity = activity;
    e.verified = true;
    return e;
}

/* The policy as --inspect shows it, by its SHA-256: two jails of one policy have the same. */
static void digest(const struct policy *policy, char ret[static 2 * HASH_SIZE + 1])
{
    _cleanup_buf_ struct buf text = { 0 };
    uint8_t hash[HASH_SIZE];
    *ret = '\0';
    if (control_describe(policy, &text) < 0)
        return;
    sha256(hash, text.data, text.len, "", 0);
    hex_write(ret, hash, sizeof(hash));
}

static void begin(struct supervise *s)
{
    char hex[2 * HASH_SIZE + 1];
    struct event e = own(EVENT_LIFECYCLE, ACTIVITY_START);
    e.argv = s->argv;
    e.cwd = s->directory;
    e.rule = s->policy->profile_origin;
    digest(s->policy, hex);
    e.digest = *hex ? hex : NULL;
    (void)evidence_record(s->evidence, &e);
}

int account_prepare(struct supervise *s, struct buf *why)
{
    evidence_begin(s->evidence, s->policy, s->registry->id);
    int r = evidence_connect(s->evidence, why); /* a service that was asked for must be there at the start */
    if (r < 0) {
        (void)buf_str(why, "; leave forward in [evidence] out, or start it");
        return r;
    }
    if (s->policy->evidence_full != EVIDENCE_STOP)
        return 0;
    r = evidence_open(s->evidence, why);
    if (r >= 0 && s->evidence->on) {
        begin(s);
        evidence_flush(s->evidence);
        if (s->evidence->failed) {
            r = -s->evidence->error;
            (void)buf_printf(why, "the record cannot be written: %s", strerror(s->evidence->error));
        }
    }
    if (r < 0)
        (void)buf_str(why, "; write on-full = drop in [evidence] to run without");
    return r;
}

void account_start(struct loop *l)
{
    struct evidence *e = l->s->evidence;
    _cleanup_buf_ struct buf why = { 0 };
    if (!e->on || e->file >= 0)
        return;
    if (evidence_open(e, &why) >= 0) {
        begin(l->s);
        evidence_flush(e);
    } else if (!l->s->policy->quiet) {
        (void)buf_str(&why, "; the command runs without: make room or rights for it, or write sink = none, or on-full = stop, "
                            "in [evidence]");
        loop_say(l, why.data ? why.data : "the record cannot be kept");
    }
}

void account_stop(struct loop *l, int status, const char *why)
{
    struct event e = own(EVENT_LIFECYCLE, ACTIVITY_STOP);
    e.status_set = true;
    e.status = status;
    e.text = why;
    (void)evidence_record(l->s->evidence, &e);
    _cleanup_close_ int dir = -1;
    struct log_stream log = LOG_STREAM_EMPTY;
    char name[LOGS_NAME_MAX];
    evidence_name(l->s->evidence, name);
    bool report = l->s->policy->summary && evidence_read(l->s->evidence, &dir, &log) >= 0;
    evidence_end(l->s->evidence);
    if (report)
        run_report_write(l->s->report, l, &log, name);
    log_stream_close(&log);
    uint64_t lost = l->s->evidence->lost_all;
    if (lost && !l->s->policy->quiet) {
        char text[160];
        snprintf(text, sizeof(text), "the record lacks %llu events, which could not be written (%s)",
                 (unsigned long long)lost, evidence_why_lost(l->s->evidence));
        loop_say(l, text);
    }
}

void account_flush(struct loop *l)
{
    struct evidence *e = l->s->evidence;
    evidence_tick(e, loop_now());
    evidence_flush(e);
    if (!e->failed || l->killed)
        return;
    loop_say(l, "the record cannot be written, and on-full = stop; the command is ended");
    l->ended_by = "ended because its record could not be written";
    loop_kill(l);
}

/* --- the gateway --- */

static const struct net_rule *rule_of(const struct policy *p, int number)
{
    size_t i = (size_t)number;
    if (number < 0)
        return NULL;
    if (i < p->n_net_allow)
        return &p->net_allow[i];
    return i - p->n_net_allow < p->n_net_deny ? &p->net_deny[i - p->n_net_allow] : NULL;
}

/* An event of the gateway's in the record's terms, and what its strings point to. */
struct told {
    struct event event;
    char address[IP_TEXT_MAX];
    struct buf why;
};

/* Which rule lets a place through: the gateway counts places together, whatever rule it was. */
static const struct net_rule *allowing(const struct policy *policy, const struct egress_policy *egress,
                                       const struct gateway_event *g)
{
    struct decision d = { 0 };
    bool udp = g->protocol == GATEWAY_UDP;
    if (g->protocol != GATEWAY_PUBLISHED && *g->name)
        verdict_connect(egress, g->name, g->port, udp, &d);
    else if (g->protocol != GATEWAY_PUBLISHED && g->address.version)
        verdict_address(egress, &g->address, g->port, udp, &d);
    return d.verdict == VERDICT_ALLOW ? rule_of(policy, verdict_rule_number(egress, d.rule)) : NULL;
}

/* Ports have no rule of their own, but a line. */
static struct origin port_origin(const struct policy *p, const struct gateway_event *g)
{
    bool published = g->protocol == GATEWAY_PUBLISHED;
    const struct port_grant *list = published ? p->published : p->host_ports;
    size_t n = published ? p->n_published : strcmp(g->name, VERDICT_HOST_NAME) == 0 ? p->n_host_ports : 0;
    for (size_t i = 0; i < n; i++)
        if (list[i].inside == g->port)
            return list[i].origin;
    return (struct origin){ 0 };
}

static void add_rule(struct told *t, const struct policy *policy, const struct gateway_event *g)
{
    _cleanup_egress_source_ struct egress_source source = { 0 };
    _cleanup_buf_ struct buf unused = { 0 };
    struct policy rules = *policy;
    bool denied = g->kind == GATEWAY_REFUSED;
    rules.upstream = (struct upstream){ 0 }; /* its password's file is of no interest here */
    if (egress_source_fill(&rules, &source, &unused) < 0)
        return;
    const struct net_rule *rule = denied ? rule_of(policy, g->rule) : allowing(policy, &source.egress, g);
    if (rule) {
        t->event.rule = rule->origin;
        t->event.rule_text = rule->text;
    }
    if (!rule && !denied)
        t->event.rule = port_origin(policy, g);
    if (denied && refused_reason(&source.egress, g, &t->why) >= 0)
        t->event.text = t->why.data;
}

static void describe(struct told *t, const struct policy *policy, const struct gateway_event *g)
{
    bool dns = g->protocol == GATEWAY_DNS, denied = g->kind == GATEWAY_REFUSED;
    struct event *e = &t->event;
    *t = (struct told){ .event = own(dns ? EVENT_DNS : EVENT_NETWORK, dns ? ACTIVITY_QUERY : ACTIVITY_OPEN) };
    e->source = SOURCE_GATEWAY;
    if (denied)
        e->verdict = g->reason == REFUSED_ASKED || g->reason == REFUSED_UNANSWERED ? EVENT_ASKED_DENIED : EVENT_DENIED;
    e->protocol = reached_protocol(g);
    e->host = *g->name ? g->name : NULL;
    if (g->address.version)
        e->address = ip_format(&g->address, t->address);
    else if (g->protocol == GATEWAY_PUBLISHED)
        e->address = "127.0.0.1";
    e->port = g->port;
    add_rule(t, policy, g);
}

void account_gateway(struct loop *l, const struct gateway_event *g, bool first)
{
    struct told t;
    if (!first || !l->s->evidence->on)
        return;
    describe(&t, l->s->policy, g);
    (void)evidence_record(l->s->evidence, &t.event);
    if (g->kind == GATEWAY_REFUSED && g->reason == REFUSED_FULL)
        account_limit(l, g->text);
    buf_free(&t.why);
}

void account_refused(struct loop *l, const struct policy *policy)
{
    for (size_t i = 0; i < l->refused.n && l->s->evidence->on; i++) {
        const struct gateway_event *g = &l->refused.list[i];
        struct told t;
        if (g->count < 2)
            continue;
        describe(&t, policy, g);
        t.event.count = g->count;
        (void)evidence_record(l->s->evidence, &t.event);
        buf_free(&t.why);
    }
}

void account_gateway_end(struct loop *l)
{
    for (size_t i = 0; i < l->reached.n && l->s->evidence->on; i++) {
        const struct gateway_event *g = &l->reached.list[i];
        struct told t;
        describe(&t, l->s->policy, g);
        t.event.activity = ACTIVITY_CLOSE;
        t.event.count = g->count;
        t.event.sent = g->sent;
        t.event.received = g->received;
        (void)evidence_record(l->s->evidence, &t.event);
        buf_free(&t.why);
    }
    account_refused(l, l->s->policy);
}

/* --- the rest --- */

void account_limit(struct loop *l, const char *text)
{
    struct event e = own(EVENT_LIMIT, ACTIVITY_OTHER);
    e.verdict = EVENT_DENIED;
    e.text = text;
    (void)evidence_record(l->s->evidence, &e);
}

void account_alert(struct loop *l, const char *text)
{
    struct event e = own(EVENT_ALERT, ACTIVITY_OTHER);
    e.text = text;
    (void)evidence_record(l->s->evidence, &e);
}

void account_fence(struct loop *l, bool restored, const char *path, const char *text)
{
    struct event e = own(EVENT_FENCE, restored ? ACTIVITY_RESTORED : ACTIVITY_LOST);
    e.path = path;
    e.text = text;
    (void)evidence_record(l->s->evidence, &e);
}

void account_life(struct loop *l, enum event_activity activity, const char *text)
{
    char hex[2 * HASH_SIZE + 1];
    struct event e = own(EVENT_LIFECYCLE, activity);
    e.text = text;
    if (!l->s->evidence->on)
        return;
    if (activity == ACTIVITY_CHANGE) {
        digest(l->s->policy, hex);
        e.digest = *hex ? hex : NULL;
    }
    (void)evidence_record(l->s->evidence, &e);
}

void account_answer(struct loop *l, const char *name, uint16_t port, bool allowed, const char *text)
{
    struct event e = own(EVENT_NETWORK, ACTIVITY_OPEN);
    e.verdict = allowed ? EVENT_ASKED_ALLOWED : EVENT_ASKED_DENIED;
    e.host = name;
    e.port = port;
    e.protocol = "tcp";
    e.text = text;
    (void)evidence_record(l->s->evidence, &e);
}
