/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/refused.h"


#include <stdlib.h>
#include <string.h>

#include "gateway/verdict.h"

static bool same(const struct gateway_event *a, const struct gateway_event *b)
{
    return a->reason == b->reason && a->protocol == b->protocol && a->port == b->port && a->rule == b->rule &&
           a->decision == b->decision && ip_equal(&a->address, &b->address) &&
           strcmp(a->name, b->name) == 0 && strcmp(a->text, b->text) == 0;
}

bool refused_add(struct refused *s, const struct gateway_event *event)
{
    for (size_t i = 0; i < s->n; i++) {
        if (same(&s->list[i], event)) {
            s->list[i].count = event->count;
            return false;
        }
    }
    if (!s->list)
        s->list = calloc(REFUSED_MAX, sizeof(*s->list));
    if (!s->list || s->n == REFUSED_MAX)
        return false;
    s->list[s->n++] = *event;
    return true;
}

/* HOST as a rule has it. */
static int add_host(const struct gateway_event *e, struct buf *out)
{
    char text[IP_TEXT_MAX];
    if (*e->name)
        return buf_str(out, e->name);
    if (!e->address.version)
        return buf_str(out, "?");
    ip_format(&e->address, text);
    return e->address.version == 6 ? buf_printf(out, "[%s]", text) : buf_str(out, text);
}

/* Why; the event's text goes behind it. */
static const char *const reasons[REFUSED_REASONS] = {
    [REFUSED_SERVER_NAME] = "TLS asked for another host: ",
    [REFUSED_NOT_TLS] = "not TLS, which its rule asks for",
    [REFUSED_HOST_HEADER] = "HTTP asked for another host: ",
    [REFUSED_NOT_HTTP] = "not HTTP/1.1, which its rule asks for",
    [REFUSED_PRIVATE] = "the name leads to an address that is ",
    [REFUSED_UNRESOLVED] = "the name cannot be resolved: ",
    [REFUSED_UNREACHABLE] = "the server cannot be reached: ",
    [REFUSED_FULL] = "",
    [REFUSED_ASKED] = "you were asked, and said no",
    [REFUSED_UNANSWERED] = "nobody answered when asked",
    [REFUSED_SLOW] = "the client sent too little in time",
};

int refused_reason(const struct egress_policy *policy, const struct gateway_event *e, struct buf *out)
{
    if (e->reason != REFUSED_POLICY)
        return buf_printf(out, "%s%s", reasons[e->reason], e->text);
    struct decision d = {
        .verdict = VERDICT_DENY,
        .reason = (enum verdict_reason)e->decision,
        .class = (enum ip_class)e->class,
        .scheme = e->protocol == GATEWAY_UDP ? NET_UDP : NET_TCP,
        .rule = verdict_rule(policy, e->rule),
    };
    bool needs_rule = d.reason == VERDICT_BY_RULE || d.reason == VERDICT_OTHER_PORT || d.reason == VERDICT_OTHER_TRANSPORT ||
                      d.reason == VERDICT_ONLY_BELOW || d.reason == VERDICT_ONLY_ABOVE;
    if ((needs_rule && !d.rule) || d.reason >= N_VERDICT_REASONS)
        d.reason = VERDICT_NO_RULE;
    return verdict_explain(&d, out);
}

/* What to write; nothing where no rule would help. */
static int add_remedy(const struct gateway_event *e, struct buf *out)
{
    char address[IP_TEXT_MAX] = "";
    if (e->address.version)
        ip_format(&e->address, address);
    switch (e->reason) {
    case REFUSED_ASKED:
    case REFUSED_UNANSWERED:
    case REFUSED_POLICY:
        if (e->decision == VERDICT_BY_RULE)
            return 0; /* a rule that denies wins */
        return verdict_line(*e->name ? e->name : address, e->port ? e->port : 443, e->protocol == GATEWAY_UDP, out);
    case REFUSED_NOT_TLS:
    case REFUSED_NOT_HTTP:
        return buf_printf(out, "allow = tcp://%s:%u", *e->name ? e->name : address, e->port);
    case REFUSED_PRIVATE:
        return verdict_line(address, e->port, e->protocol == GATEWAY_UDP, out);
    default:
        return 0;
    }
}

/* "HOST:PORT: why" */
static int add_subject(const struct egress_policy *policy, const struct gateway_event *e, struct buf *out)
{
    int r = add_host(e, out);
    if (r >= 0 && e->port)
        r = buf_printf(out, ":%u", e->port);
    if (r >= 0)
        r = buf_str(out, ": ");
    return r < 0 ? r : refused_reason(policy, e, out);
}

static const char *const kinds[GATEWAY_PROTOCOLS] = {
    [GATEWAY_TCP] = "connect", [GATEWAY_TLS] = "connect", [GATEWAY_HTTP] = "connect",
    [GATEWAY_UDP] = "udp",     [GATEWAY_DNS] = "name",
};

void refused_tell(const struct refused *s, const struct egress_policy *policy, struct summary *summary)
{
    static const struct origin none = { 0 };
    for (size_t i = 0; i < s->n; i++) {
        const struct gateway_event *e = &s->list[i];
        _cleanup_buf_ struct buf subject = { 0 };
        _cleanup_buf_ struct buf fix = { 0 };
        if (add_subject(policy, e, &subject) < 0 || add_remedy(e, &fix) < 0)
            return;
        summary_denied_times(summary, kinds[e->protocol], subject.data, none, fix.data, e->count);
    }
}

void refused_free(struct refused *s)
{
    free(s->list);
    *s = (struct refused){ 0 };
}
