/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the policy says to a name, a connection, an address that a name led to. Pure: of the gateway, and of the monitor
 * where it explains. Deny wins over allow; what no rule speaks of is denied, or asked about. */
#ifndef AGENTJAIL_GATEWAY_VERDICT_H
#define AGENTJAIL_GATEWAY_VERDICT_H

#include "ipc/egress.h"

/* The name under which the host's own ports are reached. */
#define VERDICT_HOST_NAME "host.agentjail.internal"

enum verdict { VERDICT_DENY, VERDICT_ALLOW, VERDICT_ASK };

enum verdict_reason {
    VERDICT_BY_RULE,     /* rule decided */
    VERDICT_BY_ANSWER,   /* the user was asked, and allowed it */
    VERDICT_BY_MODE,     /* mode = open, and the address is public */
    VERDICT_HOST_PORT,   /* a port of this host that is granted */
    VERDICT_NO_HOST_PORT, /* one that is not */
    VERDICT_OTHER_PORT,  /* no rule, but rule allows the host at other ports */
    VERDICT_OTHER_TRANSPORT, /* no rule, but rule allows the host at that port over TCP (UDP) */
    VERDICT_ONLY_BELOW,  /* no rule, but rule allows the names below this one */
    VERDICT_ONLY_ABOVE,  /* no rule, but rule allows a name that this one is below */
    VERDICT_NOT_PUBLIC,  /* the address is of a class that only a rule for it opens */
    VERDICT_NO_RULE,
    N_VERDICT_REASONS,
};

struct decision {
    enum verdict verdict;
    enum verdict_reason reason;
    enum net_scheme scheme; /* of what is allowed: what has to be spoken */
    bool sni_optional;      /* TLS may name no host */
    bool ech_allowed;       /* TLS may hide the host */
    enum ip_class class;            /* with VERDICT_NOT_PUBLIC */
    const struct egress_rule *rule; /* that decided, or is nearest; NULL: none */
};

/* The rule's number in the policy: those that allow first, then those that deny; -1 for NULL. */
int verdict_rule_number(const struct egress_policy *policy, const struct egress_rule *rule);

/* The rule of that number; NULL for -1 and numbers out of range. It is the policy's. */
const struct egress_rule *verdict_rule(const struct egress_policy *policy, int number);

/* May this canonical name be answered in DNS: is there a port at which it may be reached? */
void verdict_name(const struct egress_policy *policy, const char *name, struct decision *ret);

/* May port of this name (canonical) be connected to, or sent datagrams? The address it leads to is judged by
 * verdict_dial(), once it is known. If rules of different schemes allow it, tcp wins, then the first. */
void verdict_connect(const struct egress_policy *policy, const char *name, uint16_t port, bool udp, struct decision *ret);

/* May port of this address be, which no name was answered with? */
void verdict_address(const struct egress_policy *policy, const struct ip *ip, uint16_t port, bool udp,
                     struct decision *ret);

/* May this address be dialled for a name that is allowed? */
void verdict_dial(const struct egress_policy *policy, const struct ip *ip, uint16_t port, bool udp, struct decision *ret);

/* Why, in one phrase for people ("allowed at port 443 only, by FILE:LINE"), into out. 0 or -ENOMEM. */
int verdict_explain(const struct decision *decision, struct buf *out);

/* The line of a profile that would allow it ("allow = api.example.com:8443"), into out. host is a canonical name or an
 * address. 0 or -ENOMEM. */
int verdict_line(const char *host, uint16_t port, bool udp, struct buf *out);

#endif
