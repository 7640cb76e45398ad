/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/net_change.h"

#include <string.h>

#include "ipc/egress.h"
#include "profile/net_names.h"
#include "profile/net_rule.h"

int net_change_canonical(const char *text, struct buf *out, struct buf *why)
{
    static const struct net_rule_options as_user = { .names = &net_names_module };
    struct arena *arena = arena_new();
    struct net_rule rule;
    int r = arena ? net_rule_parse(arena, text, &as_user, &rule, why) : -ENOMEM;
    if (r == 0)
        r = net_rule_format(&rule, out);
    arena_free(arena);
    return r;
}

/* Names in a canonical rule are ASCII: nobody has to be asked. */
static int no_ascii(const char *name, char *out, struct buf *why)
{
    (void)name;
    (void)out;
    return buf_str(why, "is not canonical") < 0 ? -ENOMEM : -EINVAL;
}

int net_change_parse(struct arena *arena, const char *text, struct net_rule *ret, struct buf *why)
{
    static const struct net_names none = { .to_ascii = no_ascii };
    const struct net_rule_options options = { .trusted = true, .names = &none };
    int r = net_rule_parse(arena, text, &options, ret, why);
    if (r == 0)
        ret->origin = (struct origin){ NET_CHANGE_ORIGIN, 0 };
    return r;
}

int net_change_ports(const char *text, bool udp, struct dialler_ports *ret, struct buf *why)
{
    struct arena *arena = arena_new();
    struct net_rule rule;
    int r = arena ? net_change_parse(arena, text, &rule, why) : -ENOMEM;
    if (r >= 0) {
        *ret = (struct dialler_ports){ 0 };
        for (size_t i = 0; i < rule.n_ports && ret->n < DIALLER_RANGES_MAX; i++)
            if ((rule.ports[i].scheme == NET_UDP) == udp)
                ret->range[ret->n++] = (struct dialler_range){ rule.ports[i].first, rule.ports[i].last };
    }
    arena_free(arena);
    return r;
}

static int append(struct policy *policy, const struct net_rule *rule, struct net_rule **rules, size_t *n, struct buf *why)
{
    if (*n >= EGRESS_RULES_MAX) {
        (void)buf_printf(why, "there are %d rules already, which is the most there may be", EGRESS_RULES_MAX);
        return -E2BIG;
    }
    struct net_rule *more = arena_alloc(policy->arena, (*n + 1) * sizeof(*more));
    if (!more)
        return -ENOMEM;
    if (*n)
        memcpy(more, *rules, *n * sizeof(*more));
    more[(*n)++] = *rule;
    *rules = more;
    return 0;
}

static bool same(const struct net_rule *a, const struct net_rule *b)
{
    return net_rules_cover(a, 1, b, NULL) && net_rules_cover(b, 1, a, NULL);
}

/* Take out the rules that are just this one; how many there were. only_granted: of those that changes made. */
static size_t take_out(const struct net_rule *rule, bool only_granted, struct net_rule *rules, size_t *n)
{
    size_t kept = 0, before = *n;
    for (size_t i = 0; i < before; i++) {
        bool granted = rules[i].origin.file && strcmp(rules[i].origin.file, NET_CHANGE_ORIGIN) == 0;
        if (!same(&rules[i], rule) || (only_granted && !granted))
            rules[kept++] = rules[i];
    }
    *n = kept;
    return before - kept;
}

static int check_ceilings(const struct policy *policy, const struct net_rule *rule, struct buf *why)
{
    for (size_t i = 0; i < policy->n_net_ceilings; i++) {
        const struct net_ceiling *c = &policy->net_ceilings[i];
        if (net_rules_cover(c->rules, c->n_rules, rule, NULL))
            continue;
        (void)buf_printf(why, "%s goes beyond the ceiling in %s:%u", rule->text, c->origin.file, c->origin.line);
        return -EPERM;
    }
    return 0;
}

/* A rule of the profile's own that denies all of it: to allow it would say what is not true. */
static int check_denied(const struct policy *policy, const struct net_rule *rule, struct buf *why)
{
    for (size_t i = 0; i < policy->n_net_deny; i++) {
        const struct net_rule *deny = &policy->net_deny[i];
        const struct net_ports *p = deny->ports;
        if (p->scheme != NET_ANY || p->first != 1 || p->last != 65535 || !net_host_covers(&deny->host, &rule->host))
            continue;
        (void)buf_printf(why, "%s is denied by %s:%u (%s), which wins", rule->text, deny->origin.file, deny->origin.line,
                         deny->text);
        return -EPERM;
    }
    return 0;
}

int net_grant(struct policy *policy, const char *text, struct buf *why)
{
    struct net_rule rule;
    int r = net_change_parse(policy->arena, text, &rule, why);
    if (r < 0 || (r = check_ceilings(policy, &rule, why)) < 0)
        return r;
    (void)take_out(&rule, true, policy->net_deny, &policy->n_net_deny); /* what was revoked before */
    if ((r = check_denied(policy, &rule, why)) < 0)
        return r;
    if (net_rules_cover(policy->net_allow, policy->n_net_allow, &rule, NULL))
        return 0;
    return append(policy, &rule, &policy->net_allow, &policy->n_net_allow, why);
}

int net_grant_check(const struct policy *policy, const char *text, struct buf *why)
{
    struct policy copy = *policy; /* whose memory goes at the end, not the jail's */
    struct net_rule rule;
    copy.arena = arena_new();
    int r = copy.arena ? net_change_parse(copy.arena, text, &rule, why) : -ENOMEM;
    if (r >= 0)
        r = check_ceilings(policy, &rule, why);
    if (r >= 0)
        r = check_denied(policy, &rule, why);
    arena_free(copy.arena);
    return r;
}

/* Do two hosts have something in common? One of two trees always holds the other, or they have nothing. */
static bool meet(const struct net_host *a, const struct net_host *b)
{
    return net_host_covers(a, b) || net_host_covers(b, a);
}

static bool ports_meet(const struct net_rule *a, const struct net_rule *b)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        for (size_t j = 0; j < b->n_ports; j++) {
            const struct net_ports *p = &a->ports[i], *q = &b->ports[j];
            if (p->first <= q->last && q->first <= p->last && (p->scheme == NET_UDP) == (q->scheme == NET_UDP))
                return true;
        }
    }
    return false;
}

static bool still_allowed(const struct policy *policy, const struct net_rule *rule)
{
    if (policy->network == NETWORK_OPEN)
        return true;
    for (size_t i = 0; i < policy->n_net_allow; i++)
        if (meet(&policy->net_allow[i].host, &rule->host) && ports_meet(&policy->net_allow[i], rule))
            return true;
    return false;
}

int net_revoke(struct policy *policy, const char *text, struct buf *why)
{
    struct net_rule rule;
    int r = net_change_parse(policy->arena, text, &rule, why);
    if (r < 0)
        return r;
    (void)take_out(&rule, false, policy->net_allow, &policy->n_net_allow);
    if (!still_allowed(policy, &rule))
        return 0;
    /* Denied at the same ports: a rule written to deny would mean more (net_rule.h). */
    return append(policy, &rule, &policy->net_deny, &policy->n_net_deny, why);
}

/* --- ports --- */

int net_publish_check(const struct policy *policy, const struct port_grant *grant, struct buf *why)
{
    for (size_t i = 0; i < policy->n_published; i++) {
        const struct port_grant *g = &policy->published[i];
        if (g->outside != grant->outside)
            continue;
        (void)buf_printf(why, "port %u of this host leads to port %u of this jail already", g->outside, g->inside);
        return g->inside == grant->inside ? -EEXIST : -EADDRINUSE;
    }
    if (policy->network == NETWORK_NONE && !policy->loopback) {
        (void)buf_str(why, "the jail's own 127.0.0.1 is switched off (loopback = no)");
        return -EOPNOTSUPP;
    }
    for (size_t i = 0; i < policy->n_publish_ceilings; i++) {
        const struct port_ceiling *c = &policy->publish_ceilings[i];
        bool within = false;
        for (size_t k = 0; k < c->n; k++)
            within |= grant->outside >= c->ranges[k].first && grant->outside <= c->ranges[k].last;
        if (within)
            continue;
        (void)buf_printf(why, "port %u goes beyond the ceiling in %s:%u; name a port that it allows", grant->outside,
                         c->origin.file, c->origin.line);
        return -EPERM;
    }
    if (policy->n_published < EGRESS_PORTS_MAX)
        return 0;
    (void)buf_printf(why, "there are %d published ports already, which is the most there may be", EGRESS_PORTS_MAX);
    return -E2BIG;
}

int net_publish(struct policy *policy, const struct port_grant *grant)
{
    struct port_grant *more = arena_alloc(policy->arena, (policy->n_published + 1) * sizeof(*more));
    if (!more)
        return -ENOMEM;
    if (policy->n_published)
        memcpy(more, policy->published, policy->n_published * sizeof(*more));
    more[policy->n_published++] = *grant;
    policy->published = more;
    return 0;
}

int net_unpublish_check(const struct policy *policy, const struct port_grant *grant, struct buf *why)
{
    for (size_t i = 0; i < policy->n_published; i++)
        if (policy->published[i].outside == grant->outside && policy->published[i].inside == grant->inside)
            return 0;
    (void)buf_printf(why, "port %u of this host does not lead to port %u of this jail; published ", grant->outside,
                     grant->inside);
    if (policy->n_published == 0)
        (void)buf_str(why, "is no port");
    for (size_t i = 0; i < policy->n_published; i++)
        (void)buf_printf(why, "%s%u:%u", i ? ", " : "are ", policy->published[i].inside, policy->published[i].outside);
    return -ENOENT;
}

uint16_t net_unpublish(struct policy *policy, uint16_t outside)
{
    for (size_t i = 0; i < policy->n_published; i++) {
        uint16_t inside = policy->published[i].inside;
        if (policy->published[i].outside != outside)
            continue;
        policy->published[i] = policy->published[--policy->n_published];
        return inside;
    }
    return 0;
}
