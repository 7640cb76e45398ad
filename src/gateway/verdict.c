/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/verdict.h"

#include <string.h>

#include "base/host_name.h"

/* What is asked about: a name, or an address with the IPv4 one that it may carry. */
struct subject {
    const char *name; /* NULL: an address */
    struct ip ip, carried;
    bool carries;
};

static struct subject of_name(const char *name)
{
    return (struct subject){ .name = name };
}

static struct subject of_address(const struct ip *ip)
{
    struct subject s = { .ip = ip_plain(ip) };
    s.carries = ip_embedded(&s.ip, &s.carried);
    return s;
}

/* Does a rule that denies speak of it? Disguises do not help. */
static bool denied_host(const struct net_host *host, const struct subject *s)
{
    if (s->name)
        return net_host_has_name(host, s->name);
    return net_host_has_ip(host, &s->ip) || (s->carries && net_host_has_ip(host, &s->carried));
}

/* Does a rule that allows? Of addresses only one that names their range. */
static bool allowed_host(const struct net_host *host, const struct subject *s)
{
    if (s->name)
        return net_host_has_name(host, s->name);
    return host->kind == NET_HOST_ADDRESS && ip_prefix_names(&host->prefix, &s->ip);
}

static const struct egress_rule *find_deny(const struct egress_policy *policy, const struct subject *s, uint16_t port,
                                           bool udp)
{
    for (size_t i = 0; i < policy->n_deny; i++) {
        const struct egress_rule *rule = &policy->deny[i];
        if (denied_host(&rule->host, s) && net_ports_find(rule->ports, rule->n_ports, port, udp))
            return rule;
    }
    return NULL;
}

/* A rule that denies the name altogether. */
static const struct egress_rule *find_deny_all(const struct egress_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->n_deny; i++) {
        const struct egress_rule *rule = &policy->deny[i];
        const struct net_ports *p = rule->ports;
        if (net_host_has_name(&rule->host, name) && p->first == 1 && p->last == 65535 && p->scheme == NET_ANY)
            return rule;
    }
    return NULL;
}

/* Let the widest of the rules that allow it into *d; false if there is none. */
static bool find_allow(const struct egress_policy *policy, const struct subject *s, uint16_t port, bool udp,
                       struct decision *d)
{
    bool found = false;
    for (size_t i = 0; i < policy->n_allow; i++) {
        const struct egress_rule *rule = &policy->allow[i];
        const struct net_ports *ports =
            allowed_host(&rule->host, s) ? net_ports_find(rule->ports, rule->n_ports, port, udp) : NULL;
        if (!ports)
            continue;
        if (!found || (ports->scheme == NET_TCP && d->scheme != NET_TCP)) {
            d->rule = rule;
            d->scheme = ports->scheme;
        }
        d->sni_optional |= ports->scheme == NET_TLS && rule->sni_optional;
        d->ech_allowed |= ports->scheme == NET_TLS && rule->ech_allowed;
        found = true;
    }
    if (found) {
        d->verdict = VERDICT_ALLOW;
        d->reason = VERDICT_BY_RULE;
    }
    return found;
}

/* Set the nearest rule, if it is nearer than what is there: reasons are declared in that order. */
static void nearer(struct decision *d, enum verdict_reason reason, const struct egress_rule *rule)
{
    if (reason >= d->reason)
        return;
    d->reason = reason;
    d->rule = rule;
}

/* No rule allows it: the most telling thing to say about that. */
static void find_nearest(const struct egress_policy *policy, const struct subject *s, uint16_t port, bool udp,
                         struct decision *d)
{
    for (size_t i = 0; i < policy->n_allow; i++) {
        const struct egress_rule *rule = &policy->allow[i];
        const struct net_host *host = &rule->host;
        if (allowed_host(host, s))
            nearer(d, net_ports_find(rule->ports, rule->n_ports, port, !udp) ? VERDICT_OTHER_TRANSPORT : VERDICT_OTHER_PORT,
                   rule);
        else if (s->name && ((host->kind == NET_HOST_BELOW && strcmp(host->name, s->name) == 0) ||
                             (host->kind == NET_HOST_NAME && host_name_below(host->name, s->name))))
            nearer(d, VERDICT_ONLY_BELOW, rule);
        else if (s->name && host->kind == NET_HOST_NAME && host_name_below(s->name, host->name))
            nearer(d, VERDICT_ONLY_ABOVE, rule);
    }
}

/* Where in the list the rule stands; n if not in it. By comparing: the rule may be another list's, and this one NULL. */
static size_t place_of(const struct egress_rule *rule, const struct egress_rule *rules, size_t n)
{
    size_t i = 0;
    while (i < n && &rules[i] != rule)
        i++;
    return i;
}

int verdict_rule_number(const struct egress_policy *policy, const struct egress_rule *rule)
{
    size_t denies = place_of(rule, policy->deny, policy->n_deny);
    if (denies < policy->n_deny)
        return (int)(policy->n_allow + denies);
    size_t allows = place_of(rule, policy->allow, policy->n_allow);
    return allows < policy->n_allow ? (int)allows : -1;
}

const struct egress_rule *verdict_rule(const struct egress_policy *policy, int number)
{
    size_t i = (size_t)number;
    if (number < 0)
        return NULL;
    if (i < policy->n_allow)
        return &policy->allow[i];
    return i - policy->n_allow < policy->n_deny ? &policy->deny[i - policy->n_allow] : NULL;
}

static bool is_host_name(const char *name)
{
    return strcmp(name, VERDICT_HOST_NAME) == 0;
}

static bool has_host_port(const struct egress_policy *policy, uint16_t port)
{
    for (size_t i = 0; i < policy->n_host_ports; i++)
        if (policy->host_ports[i].outside == port)
            return true;
    return false;
}

static void decide_host(bool granted, struct decision *ret)
{
    ret->verdict = granted ? VERDICT_ALLOW : VERDICT_DENY;
    ret->reason = granted ? VERDICT_HOST_PORT : VERDICT_NO_HOST_PORT;
    ret->scheme = NET_TCP;
}

static enum verdict without_rule(const struct egress_policy *policy)
{
    return policy->unknown == EGRESS_UNKNOWN_ASK ? VERDICT_ASK : VERDICT_DENY;
}

void verdict_name(const struct egress_policy *policy, const char *name, struct decision *ret)
{
    struct subject s = of_name(name);
    *ret = (struct decision){ .verdict = VERDICT_DENY, .reason = VERDICT_NO_RULE };
    if (is_host_name(name)) {
        decide_host(policy->n_host_ports > 0, ret);
        return;
    }
    ret->rule = find_deny_all(policy, name);
    if (ret->rule) {
        ret->reason = VERDICT_BY_RULE;
        return;
    }
    for (size_t i = 0; i < policy->n_allow; i++) {
        if (!allowed_host(&policy->allow[i].host, &s))
            continue;
        *ret = (struct decision){ .verdict = VERDICT_ALLOW, .reason = VERDICT_BY_RULE, .rule = &policy->allow[i] };
        return;
    }
    if (policy->mode == EGRESS_OPEN) {
        ret->verdict = VERDICT_ALLOW;
        ret->reason = VERDICT_BY_MODE;
        return;
    }
    ret->verdict = without_rule(policy);
    find_nearest(policy, &s, 443, false, ret);
}

void verdict_connect(const struct egress_policy *policy, const char *name, uint16_t port, bool udp, struct decision *ret)
{
    struct subject s = of_name(name);
    *ret = (struct decision){ .verdict = VERDICT_DENY, .reason = VERDICT_NO_RULE, .scheme = udp ? NET_UDP : NET_TCP };
    if (is_host_name(name)) {
        decide_host(!udp && has_host_port(policy, port), ret);
        return;
    }
    ret->rule = find_deny(policy, &s, port, udp);
    if (ret->rule) {
        ret->reason = VERDICT_BY_RULE;
        return;
    }
    if (policy->mode == EGRESS_OPEN) {
        ret->verdict = VERDICT_ALLOW;
        ret->reason = VERDICT_BY_MODE;
        return;
    }
    if (find_allow(policy, &s, port, udp, ret))
        return;
    ret->verdict = without_rule(policy);
    find_nearest(policy, &s, port, udp, ret);
}

/* An address: what must not be dialled unless a rule names it. needs_rule: also if it is public. */
static void decide_address(const struct egress_policy *policy, const struct ip *ip, uint16_t port, bool udp,
                           bool needs_rule, struct decision *ret)
{
    struct subject s = of_address(ip);
    *ret = (struct decision){ .verdict = VERDICT_DENY, .reason = VERDICT_NO_RULE, .scheme = udp ? NET_UDP : NET_TCP };
    ret->rule = find_deny(policy, &s, port, udp);
    if (ret->rule) {
        ret->reason = VERDICT_BY_RULE;
        return;
    }
    if (find_allow(policy, &s, port, udp, ret))
        return;
    ret->class = ip_classify(&s.ip);
    if (ret->class == IP_PUBLIC && !needs_rule) {
        ret->verdict = VERDICT_ALLOW;
        ret->reason = VERDICT_BY_MODE;
        return;
    }
    find_nearest(policy, &s, port, udp, ret);
    if (ret->reason == VERDICT_NO_RULE && ret->class != IP_PUBLIC)
        ret->reason = VERDICT_NOT_PUBLIC;
}

void verdict_address(const struct egress_policy *policy, const struct ip *ip, uint16_t port, bool udp,
                     struct decision *ret)
{
    decide_address(policy, ip, port, udp, policy->mode != EGRESS_OPEN, ret);
}

void verdict_dial(const struct egress_policy *policy, const struct ip *ip, uint16_t port, bool udp, struct decision *ret)
{
    decide_address(policy, ip, port, udp, false, ret);
}

/* --- for people --- */

static int list_ports(const struct egress_rule *rule, struct buf *out)
{
    int r = 0;
    if (!rule)
        return 0; /* cannot be: the reason comes with a rule */
    size_t shown = rule->n_ports < 8 ? rule->n_ports : 8;
    for (size_t i = 0; i < shown && r >= 0; i++) {
        const struct net_ports *p = &rule->ports[i];
        r = buf_printf(out, "%s%s%u", i ? ", " : rule->n_ports > 1 ? "ports " : "port ",
                       p->scheme == NET_UDP ? "UDP " : "", p->first);
        if (r >= 0 && p->last != p->first)
            r = buf_printf(out, "-%u", p->last);
    }
    return r >= 0 && shown < rule->n_ports ? buf_str(out, ", ...") : r;
}

int verdict_explain(const struct decision *d, struct buf *out)
{
    const struct egress_rule *rule = d->rule;
    const char *from = rule ? rule->origin : "", *text = rule ? rule->text : "";
    int r;
    switch (d->reason) {
    case VERDICT_BY_RULE:
        return buf_printf(out, "%s by %s (%s)", d->verdict == VERDICT_ALLOW ? "allowed" : "denied", from, text);
    case VERDICT_BY_ANSWER:
        return buf_str(out, "allowed when asked");
    case VERDICT_BY_MODE:
        return buf_str(out, "allowed by mode = open");
    case VERDICT_HOST_PORT:
        return buf_str(out, "allowed by host-port");
    case VERDICT_NO_HOST_PORT:
        return buf_str(out, "no host-port names it");
    case VERDICT_OTHER_PORT:
        r = buf_str(out, "allowed at ");
        if (r >= 0)
            r = list_ports(rule, out);
        return r < 0 ? r : buf_printf(out, " only, by %s (%s)", from, text);
    case VERDICT_OTHER_TRANSPORT:
        return buf_printf(out, "allowed over %s only, by %s (%s)", d->scheme == NET_UDP ? "TCP" : "UDP", from, text);
    case VERDICT_ONLY_BELOW:
        return buf_printf(out, "only names below it are allowed, by %s (%s)", from, text);
    case VERDICT_ONLY_ABOVE:
        return buf_printf(out, "not this name but one above it is allowed, by %s (%s)", from, text);
    case VERDICT_NOT_PUBLIC:
        return buf_printf(out, "the address is %s, and no rule names that range", ip_class_name(d->class));
    case VERDICT_NO_RULE:
    case N_VERDICT_REASONS:
        break;
    }
    return buf_str(out, "no rule allows it");
}

int verdict_line(const char *host, uint16_t port, bool udp, struct buf *out)
{
    if (is_host_name(host))
        return buf_printf(out, "host-port = %u", port);
    bool v6 = strchr(host, ':') != NULL;
    int r = buf_printf(out, "allow = %s%s%s%s", udp ? "udp://" : "", v6 ? "[" : "", host, v6 ? "]" : "");
    return r < 0 || (port == 443 && !udp) ? r : buf_printf(out, ":%u", port);
}
