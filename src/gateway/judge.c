/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/judge.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PORTS_MAX 2048 /* more are not told to Landlock one by one: it then lets all pass */
#define DNS_PORT 53

/* --- what may have to be connected to --- */

struct port_list {
    uint16_t *list;
    size_t n;
    bool any;
};

static void add_ports(struct port_list *to, unsigned first, unsigned last)
{
    for (unsigned port = first; port <= last && !to->any; port++) {
        if (to->n >= PORTS_MAX)
            to->any = true;
        else
            to->list[to->n++] = (uint16_t)port;
    }
}

static int find_ports(struct judge *judge)
{
    const struct egress_policy *p = &judge->policy;
    struct port_list ports = { .list = calloc(PORTS_MAX, sizeof(uint16_t)), .any = p->mode == EGRESS_OPEN };
    if (p->unknown == EGRESS_UNKNOWN_ASK) /* whatever the user allows */
        ports.any = true;
    if (!ports.list)
        return -ENOMEM;
    if (p->mode != EGRESS_NONE)
        add_ports(&ports, DNS_PORT, DNS_PORT); /* the host's servers, when an answer is long */
    static const uint16_t grantable[] = EGRESS_GRANTABLE_PORTS;
    for (size_t i = 0; i < sizeof(grantable) / sizeof(*grantable) && p->mode == EGRESS_FILTERED; i++)
        add_ports(&ports, grantable[i], grantable[i]);
    if (p->upstream != EGRESS_DIRECT)
        add_ports(&ports, p->upstream_port, p->upstream_port);
    for (size_t i = 0; i < p->n_allow; i++)
        for (size_t j = 0; j < p->allow[i].n_ports; j++)
            if (p->allow[i].ports[j].scheme != NET_UDP)
                add_ports(&ports, p->allow[i].ports[j].first, p->allow[i].ports[j].last);
    for (size_t i = 0; i < p->n_host_ports; i++)
        add_ports(&ports, p->host_ports[i].outside, p->host_ports[i].outside);
    if (ports.any)
        free(ports.list);
    judge->ports = ports.any ? NULL : ports.list;
    judge->n_ports = ports.any ? 0 : ports.n;
    return 0;
}

int judge_load(struct judge *judge, int fd, struct buf *why)
{
    struct buf blob = { 0 }; /* the policy points into it, and lives as long as we do */
    uint8_t seed[16];
    int r = buf_read_fd(&blob, fd, EGRESS_BLOB_MAX);
    if (r >= 0)
        r = egress_decode(blob.data, blob.len, &judge->policy);
    if (r < 0) {
        buf_printf(why, "the gateway cannot read its policy: %s", strerror(-r));
        return r;
    }
    judge->blob = blob.data;
    judge->first = (struct judge_policy){ judge->policy, judge->blob };
    r = getrandom(seed, sizeof(seed), 0) == sizeof(seed) ? 0 : -EIO;
    judge->names = r < 0 ? NULL : name_table_new(seed);
    if (r >= 0)
        r = judge->names ? find_ports(judge) : -ENOMEM;
    if (r < 0)
        buf_printf(why, "the gateway cannot begin: %s", strerror(-r));
    return r;
}

int judge_replace(struct judge *judge, void *blob, size_t len, struct judge_policy *ret_old)
{
    const struct egress_policy *first = &judge->first.policy;
    struct egress_policy policy;
    int r = egress_decode(blob, len, &policy);
    if (r < 0)
        return r;
    policy.mode = first->mode;
    policy.dns = first->dns;
    policy.unknown = first->unknown;
    policy.opens_pages = first->opens_pages;
    policy.upstream = first->upstream;
    policy.upstream_port = first->upstream_port;
    policy.upstream_host = first->upstream_host;
    policy.upstream_credentials = first->upstream_credentials;
    policy.upstream_exceptions = first->upstream_exceptions;
    *ret_old = (struct judge_policy){ judge->policy, judge->blob };
    judge->policy = policy;
    judge->blob = blob;
    return 0;
}

void judge_release(struct judge *judge, struct judge_policy *old)
{
    if (old->blob == judge->first.blob)
        return;
    egress_free(&old->policy);
    free(old->blob);
    old->blob = NULL;
}

void judge_note(struct judge *judge, const char *name, const struct ip *ip)
{
    struct decision d;
    verdict_name(&judge->policy, name, &d);
    int number = d.verdict == VERDICT_ALLOW ? name_table_add(judge->names, name) : -ENOENT;
    if (number >= 0)
        (void)name_table_note(judge->names, number, ip); /* a full table: it is not known, and refused */
}

/* --- targets --- */

/* A name of a synthetic address: the one certain case. */
static void by_name(const struct judge *judge, const char *name, struct target *t)
{
    t->name = name;
    verdict_connect(&judge->policy, name, t->port, t->udp, &t->decision);
    t->way = TARGET_NAME;
    if (t->decision.reason == VERDICT_HOST_PORT) {
        t->way = TARGET_ADDRESS;
        t->dial_address = (struct ip){ 4, { 127, 0, 0, 1 } };
    }
}

/* Dns = real: all names that were answered with the address. An opaque protocol passes only if it may to each of them; else
 * the first bytes must tell which one is meant. */
static bool by_answers(const struct judge *judge, struct target *t)
{
    const struct decision *inspected = NULL;
    struct decision one, first = { 0 }, kept = { 0 };
    bool all_opaque = true;
    size_t n = 0;
    int number;

    for (size_t at = 0; (number = name_table_answered(judge->names, &t->address, &at)) >= 0; n++) {
        const char *name = name_table_name(judge->names, number);
        verdict_connect(&judge->policy, name, t->port, t->udp, &one);
        bool opaque = one.verdict == VERDICT_ALLOW && (one.scheme == NET_TCP || one.scheme == NET_UDP);
        all_opaque &= opaque;
        if (n == 0 || !opaque) {
            first = one;
            t->name = name;
        }
        if (one.verdict == VERDICT_ALLOW && !opaque) {
            kept = one;
            inspected = &kept;
        }
    }
    if (n == 0)
        return false;
    t->decision = all_opaque || !inspected ? first : *inspected;
    if (!all_opaque && !inspected)
        t->decision.verdict = VERDICT_DENY;
    t->several = !all_opaque && n > 1;
    if (t->several)
        t->name = NULL;
    t->way = TARGET_ADDRESS;
    return true;
}

bool judge_target(const struct judge *judge, const struct ip *address, uint16_t port, bool udp, struct target *ret_target)
{
    struct target t = { .address = ip_plain(address), .port = port, .udp = udp, .dial_port = port };
    t.dial_address = t.address;
    int number = name_table_by_address(judge->names, &t.address);
    if (number >= 0) {
        by_name(judge, name_table_name(judge->names, number), &t);
    } else if (name_table_is_synthetic(&t.address)) {
        t.decision = (struct decision){ .verdict = VERDICT_DENY, .reason = VERDICT_NO_RULE };
    } else {
        t.way = TARGET_ADDRESS;
        struct decision by_address;
        verdict_address(&judge->policy, &t.address, port, udp, &by_address);
        bool by_rule = by_address.reason == VERDICT_BY_RULE;
        if (by_rule || !by_answers(judge, &t))
            t.decision = by_address;
    }
    *ret_target = t;
    return t.decision.verdict == VERDICT_ALLOW;
}

bool judge_again(const struct judge *judge, struct target *t)
{
    enum net_scheme scheme = t->decision.scheme;
    bool inspected = scheme == NET_TLS || scheme == NET_HTTP, own;
    struct target now = *t;
    if (t->name && (t->way == TARGET_NAME || inspected))
        verdict_connect(&judge->policy, t->name, t->port, t->udp, &now.decision);
    else
        (void)judge_target(judge, &t->address, t->port, t->udp, &now);
    if (t->decision.reason == VERDICT_BY_ANSWER && now.decision.verdict == VERDICT_ASK)
        return true; /* no rule speaks of it, as before */
    /* What is not looked into now cannot begin to be; what is, may go on so. */
    bool allowed = now.decision.verdict == VERDICT_ALLOW &&
                   (now.decision.scheme == scheme || now.decision.scheme == NET_TCP);
    t->decision = now.decision;
    if (allowed)
        t->decision.scheme = scheme;
    return allowed && (!t->dialled.version || !judge_address(judge, t, &t->dialled, &own));
}

const char *judge_next_name(const struct judge *judge, const struct target *t, enum net_scheme scheme, size_t *at)
{
    int number;
    while ((number = name_table_answered(judge->names, &t->address, at)) >= 0) {
        const char *name = name_table_name(judge->names, number);
        struct decision one;
        verdict_connect(&judge->policy, name, t->port, t->udp, &one);
        if (one.verdict == VERDICT_ALLOW && (one.scheme == scheme || one.scheme == NET_TCP))
            return name;
    }
    return NULL;
}

bool judge_name_of(const struct judge *judge, struct target *t, const char *name)
{
    const char *known;
    if (!t->several)
        return t->name ? strcmp(t->name, name) == 0 : t->decision.reason == VERDICT_BY_RULE;
    for (size_t at = 0; (known = judge_next_name(judge, t, t->decision.scheme, &at));) {
        if (strcmp(known, name) == 0) {
            t->name = known;
            return true;
        }
    }
    return false;
}

const char *judge_address(const struct judge *judge, const struct target *t, const struct ip *ip, bool *ret_own)
{
    struct decision d;
    *ret_own = true;
    if (t->decision.reason == VERDICT_HOST_PORT)
        return NULL;
    verdict_dial(&judge->policy, ip, t->port, t->udp, &d);
    *ret_own = d.reason == VERDICT_BY_RULE;
    if (d.verdict == VERDICT_ALLOW)
        return NULL;
    return d.reason == VERDICT_BY_RULE ? "denied by a rule" : ip_class_name(d.class);
}
