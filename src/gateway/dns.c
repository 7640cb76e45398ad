/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/dns.h"

#include <errno.h>
#include <string.h>

#include "base/fence_switch.h"
#include "gateway/dial.h"
#include "gateway/refusals.h"

#define TTL_SYNTHETIC 600 /* they hold as long as the jail; some programs ask again at once for less */

static void reply(struct dns_request *request, enum dns_rcode rcode, uint32_t ttl, const struct ip *list, size_t n)
{
    struct dns_answer answer = { .rcode = rcode, .ttl = ttl, .addresses = list, .n_addresses = n };
    request->answered(request, &answer);
}

static void refuse(struct dns_request *request, enum gateway_reason reason, const struct decision *decision, const char *text)
{
    struct target target = { .name = request->question.name, .dns = true, .decision = *decision };
    struct refusal refusal = { .reason = reason, .target = &target, .text = text };
    refusals_add(request->gateway, &refusal);
}

/* What a synthetic address is called; others are nobody's business. */
static void answer_pointer(struct dns_request *request)
{
    const struct judge *judge = &request->gateway->judge;
    struct dns_answer answer = { .rcode = DNS_NXDOMAIN, .ttl = TTL_SYNTHETIC };
    struct ip ip;
    int number = dns_reverse(request->question.name, &ip) ? name_table_by_address(judge->names, &ip) : -ENOENT;
    if (number >= 0) {
        answer.rcode = DNS_NOERROR;
        answer.pointer = name_table_name(judge->names, number);
    }
    request->answered(request, &answer);
}

static void refuse_full(struct dns_request *request, const char *text)
{
    struct decision none = { 0 };
    refuse(request, REFUSED_FULL, &none, text);
    reply(request, DNS_SERVFAIL, 0, NULL, 0);
}

static void on_addresses(struct lookup *lookup, const struct addresses *addresses, const char *text)
{
    struct dns_request *request = CONTAINER(lookup, struct dns_request, lookup);
    struct judge *judge = &request->gateway->judge;
    struct ip good[LIMIT_DIAL_ADDRESSES];
    size_t n = 0;

    if (!addresses) {
        struct decision none = { 0 };
        refuse(request, REFUSED_UNRESOLVED, &none, text);
        reply(request, lookup->missing ? DNS_NXDOMAIN : DNS_SERVFAIL, 0, NULL, 0);
        return;
    }
    int number = name_table_add(judge->names, request->question.name);
    for (size_t i = 0; i < addresses->n && number >= 0; i++)
        if (name_table_note(judge->names, number, &addresses->list[i]) >= 0)
            good[n++] = addresses->list[i];
    if (n == 0)
        refuse_full(request, "too many names and addresses for one jail");
    else
        reply(request, DNS_NOERROR, addresses->ttl, good, n);
}

/* Is the name's true address the answer? */
static bool is_real(const struct egress_policy *policy, const struct decision *d)
{
    return policy->dns == EGRESS_DNS_REAL && d->verdict == VERDICT_ALLOW && d->reason != VERDICT_HOST_PORT;
}

static void answer_synthetic(struct dns_request *request)
{
    struct gateway_process *g = request->gateway;
    int number = name_table_add(g->judge.names, request->question.name);
    if (number < 0) {
        refuse_full(request, "too many names for one jail");
        return;
    }
    struct ip both[2] = { name_table_v4(number), name_table_v6(number) };
    reply(request, DNS_NOERROR, TTL_SYNTHETIC, both, g->ipv6 ? 2 : 1);
}

void dns_ask(struct dns_request *request)
{
    const struct dns_question *q = &request->question;
    const struct egress_policy *policy = &request->gateway->judge.policy;
    struct decision decision;

    request->lookup = (struct lookup){ .answered = on_addresses };
    if (q->rcode != DNS_NOERROR) {
        reply(request, q->rcode, 0, NULL, 0);
        return;
    }
    if (q->type == DNS_PTR) {
        answer_pointer(request);
        return;
    }
    if (!*q->name) {
        reply(request, DNS_NXDOMAIN, 0, NULL, 0);
        return;
    }
    verdict_name(policy, q->name, &decision);
    bool fenced = fence_on(FENCE_DNS); /* else as any other server: ask the next */
    if (fenced && decision.verdict == VERDICT_DENY) {
        refuse(request, REFUSED_POLICY, &decision, NULL);
        reply(request, DNS_NXDOMAIN, 0, NULL, 0);
    } else if (fenced && q->type != DNS_A && q->type != DNS_AAAA) {
        reply(request, DNS_NOERROR, 0, NULL, 0); /* HTTPS and SVCB too: no ECH */
    } else if (!fenced || is_real(policy, &decision)) {
        resolver_ask(request->gateway->resolver, q->name, &request->lookup);
    } else {
        answer_synthetic(request);
    }
}

void dns_cancel(struct dns_request *request)
{
    resolver_cancel(&request->lookup);
}
