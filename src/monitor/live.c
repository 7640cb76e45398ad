/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/live.h"

#include <errno.h>
#include <string.h>

#include "monitor/account.h"
#include "monitor/egress_policy.h"
#include "monitor/gateway.h"
#include "monitor/loop.h"
#include "monitor/publish.h"
#include "profile/arena.h"
#include "profile/net_change.h"

static int begin(const struct loop *l, const char *what, struct buf *why)
{
    if (l->live.kind) {
        (void)buf_str(why, "another change is being made");
        return -EBUSY;
    }
    const struct policy *p = l->s->policy;
    if (p->network == NETWORK_NONE || p->network == NETWORK_HOST)
        (void)buf_printf(why, "%s: this jail has network mode %s, in which no rule decides; start it with --network=filtered",
                         what, p->network == NETWORK_NONE ? "none" : "host");
    else if (!gateway_hears(l->s->gateway))
        (void)buf_printf(why, "%s: the jail's gateway has died, and its network with it", what);
    else
        return 0;
    return -EOPNOTSUPP;
}

static struct net_rule *copy(const struct policy *p, const struct net_rule *rules, size_t n)
{
    struct net_rule *to = arena_alloc(p->arena, (n + 1) * sizeof(*to));
    if (to && n)
        memcpy(to, rules, n * sizeof(*to));
    return to;
}

/* Changes are made to copies, so that they can be taken back, and that what was said of the old rules can be understood. */
static int keep_rules(struct loop *l)
{
    struct policy *p = l->s->policy;
    struct net_rule *allow = copy(p, p->net_allow, p->n_net_allow), *deny = copy(p, p->net_deny, p->n_net_deny);
    if (!allow || !deny)
        return -ENOMEM;
    l->live.before = *p;
    if (!l->live.first.arena)
        l->live.first = *p;
    p->net_allow = allow;
    p->net_deny = deny;
    return 0;
}

static void restore_rules(struct loop *l)
{
    struct policy *p = l->s->policy;
    const struct policy *before = &l->live.before;
    p->net_allow = before->net_allow;
    p->n_net_allow = before->n_net_allow;
    p->net_deny = before->net_deny;
    p->n_net_deny = before->n_net_deny;
}

/* --- what the gateway can do --- */

static bool named(const struct policy *policy, unsigned port, bool udp)
{
    for (size_t i = 0; i < policy->n_net_allow; i++)
        if (net_ports_find(policy->net_allow[i].ports, policy->net_allow[i].n_ports, (uint16_t)port, udp))
            return true;
    return false;
}

/* Of UDP it has sockets for the ports that its rules named then, and those that rules name now. */
static bool has_udp_port(const struct live *live, unsigned port)
{
    return named(&live->first, port, true) || named(&live->before, port, true);
}

/* It was confined to the ports that its rules named then, and a few. */
static bool has_tcp_port(const struct policy *first, unsigned port)
{
    static const uint16_t grantable[] = EGRESS_GRANTABLE_PORTS;
    for (size_t i = 0; i < ELEMENTSOF(grantable); i++)
        if (grantable[i] == port)
            return true;
    /* A proxy is asked for any port; but not about what NO_PROXY excepts, which may be any host. */
    bool proxied = first->upstream.kind != UPSTREAM_NONE && !first->upstream.exceptions;
    return first->network == NETWORK_OPEN || proxied || first->unknown == UNKNOWN_ASK || named(first, port, false);
}

/* 0; or -CONTROL_NEEDS_DIALLER, -CONTROL_NEEDS_LISTENERS: what has to come with the rule. */
static int check_ports(const struct live *live, const struct net_rule *rule, struct buf *why)
{
    int r = 0;
    for (size_t k = 0; k < rule->n_ports; k++) {
        for (unsigned port = rule->ports[k].first; port <= rule->ports[k].last; port++) {
            if (rule->ports[k].scheme != NET_UDP && !has_tcp_port(&live->first, port))
                r = -CONTROL_NEEDS_DIALLER;
            else if (rule->ports[k].scheme == NET_UDP && !has_udp_port(live, port))
                r = -CONTROL_NEEDS_LISTENERS;
        }
    }
    if (r == -CONTROL_NEEDS_DIALLER)
        (void)buf_printf(why, "%s: the gateway is confined to the ports of the rules that the jail was started with, and none "
                              "came that connects to others", rule->text);
    else if (r < 0)
        (void)buf_printf(why, "%s: the gateway hears the UDP ports of the rules that the jail was started with, and no socket "
                              "came for others", rule->text);
    return r;
}

/* --- changes --- */

/* Grant it in our own copy; *ret_bring: what has to come with it, as check_ports() says, or 0. */
static int grant(struct loop *l, const char *text, int *ret_bring, struct buf *why)
{
    struct policy *p = l->s->policy;
    struct net_rule rule;
    size_t n = p->n_net_allow;
    int r = net_grant(p, text, why);
    if (r < 0 || p->n_net_allow == n) /* what allows it already has what it takes */
        return r;
    r = net_change_parse(p->arena, text, &rule, why);
    if (r >= 0)
        r = check_ports(&l->live, &rule, why);
    *ret_bring = r == -CONTROL_NEEDS_DIALLER || r == -CONTROL_NEEDS_LISTENERS ? -r : 0;
    return r;
}

int live_rule(struct loop *l, enum control_kind kind, const char *rule, int brought, struct buf *why)
{
    _cleanup_close_ int channel = brought;
    struct policy *p = l->s->policy;
    int bring = 0;
    int r = begin(l, rule, why);
    if (r < 0)
        return r;
    r = keep_rules(l);
    if (r < 0)
        return r;
    r = kind == CONTROL_GRANT ? grant(l, rule, &bring, why) : net_revoke(p, rule, why);
    if (bring && channel >= 0) {
        buf_free(why);
        r = bring == CONTROL_NEEDS_DIALLER ? gateway_add_dialler(l->s->gateway, channel, ++l->live.number)
                                           : gateway_add_udp(l->s->gateway, channel, ++l->live.number);
    } else if (r >= 0) {
        r = gateway_change(l->s->gateway, p, ++l->live.number, why);
    }
    if (r < 0) {
        restore_rules(l);
        return r;
    }
    l->live.kind = kind;
    l->live.bringing = bring != 0;
    return CONTROL_LATER;
}

int live_publish(struct loop *l, const struct port_grant *grant, int listener, struct buf *why)
{
    _cleanup_close_ int fd = listener;
    if (l->live.kind) {
        (void)buf_str(why, "another change is being made");
        return -EBUSY;
    }
    int r = publish_add(l, grant, TAKE_FD(fd), ++l->live.number, why);
    if (r < 0)
        return r;
    l->live.kind = CONTROL_PUBLISH;
    l->live.outside = grant->outside;
    return CONTROL_LATER;
}

int live_unpublish(struct loop *l, const struct port_grant *grant, struct buf *why)
{
    int r = net_unpublish_check(l->s->policy, grant, why);
    if (r < 0)
        return r;
    if (l->live.kind) {
        (void)buf_str(why, "another change is being made");
        return -EBUSY;
    }
    if (!gateway_hears(l->s->gateway)) {
        (void)buf_str(why, "unpublish: the jail's gateway has died, and closed the port");
        return -EOPNOTSUPP;
    }
    r = publish_remove(l, grant->outside, ++l->live.number);
    if (r < 0) {
        (void)buf_printf(why, "unpublish: %s", strerror(-r));
        return r;
    }
    l->live.kind = CONTROL_UNPUBLISH;
    return CONTROL_LATER;
}

/* What was refused until now, by the rules of then. */
static void tell_refused(struct loop *l)
{
    account_refused(l, &l->live.before);
    _cleanup_egress_source_ struct egress_source source = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    l->live.before.upstream = (struct upstream){ 0 };
    if (l->refused.n && egress_source_fill(&l->live.before, &source, &why) >= 0)
        refused_tell(&l->refused, &source.egress, &l->summary);
    refused_free(&l->refused);
}

static void finish(struct loop *l, int error, const char *text)
{
    enum control_kind kind = l->live.kind;
    l->live.kind = 0;
    if (!error)
        account_life(l, ACTIVITY_CHANGE, kind == CONTROL_GRANT     ? "a network rule was granted"
                                         : kind == CONTROL_REVOKE  ? "a network rule was revoked"
                                         : kind == CONTROL_PUBLISH ? "a port was published"
                                                                   : "a published port was taken back");
    control_finish(&l->control, kind, error, text, loop_now());
}

/* What a grant needs is with the gateway, or is not: on to the rule. */
static void go_on_to_rule(struct loop *l, int error)
{
    _cleanup_buf_ struct buf why = { 0 };
    l->live.bringing = false;
    int r = error ? -error : gateway_change(l->s->gateway, l->s->policy, ++l->live.number, &why);
    if (r >= 0)
        return;
    restore_rules(l);
    finish(l, -r, r == -EOPNOTSUPP ? "this host has no nf_tables, without which a jail has only the ports of the rules that it "
                                     "was started with; start it with a rule for this one"
                  : r == -ENFILE   ? "too many rules for other ports were granted to this jail"
                                   : "the gateway could not do it");
}

struct live_end live_done(struct loop *l, uint32_t number, int error)
{
    struct live_end end = { 0 };
    if (!l->live.kind || number != l->live.number)
        return end;
    if (l->live.bringing) {
        go_on_to_rule(l, error);
        return end;
    }
    if (l->live.kind == CONTROL_PUBLISH) {
        end = (struct live_end){ .published = l->live.outside, .error = error };
        if (error)
            (void)publish_remove(l, l->live.outside, 0);
    } else if (l->live.kind == CONTROL_UNPUBLISH) {
        ; /* gone from the policy either way */
    } else if (error) {
        restore_rules(l);
    } else {
        tell_refused(l);
        end.rules = true;
    }
    finish(l, error, error ? "the gateway could not do it" : NULL);
    return end;
}

void live_lost(struct loop *l)
{
    if (l->live.kind)
        finish(l, EPIPE, "the jail's gateway has died");
}
