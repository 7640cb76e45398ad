/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of [network] allow and deny:
 *
 *   [tls://|http://|tcp://|udp://]HOST[:PORT[,PORT|-PORT]...][,sni=optional][,ech=allow]
 *
 * HOST is a name, "*.NAME" (any name below it), "**.NAME" (and itself), an IPv4 address or prefix, or an IPv6 one in
 * brackets. In a rule that allows, no scheme means tls at port 443, http at 80, tcp elsewhere, and no port means 443 (80
 * with http://). In a rule that denies, what is not written is not asked: no scheme means TCP and UDP, no port every
 * port. sni=optional lets TLS through that names no host at all; one that names another host is refused as ever. ech=allow
 * lets TLS through whose true name is encrypted: any site on the same servers can be behind the one that is shown. */
#ifndef AGENTJAIL_PROFILE_NET_RULE_H
#define AGENTJAIL_PROFILE_NET_RULE_H

#include "base/buf.h"
#include "base/host_name.h"
#include "profile/arena.h"
#include "profile/policy.h"

/* Ranges of ports in one rule, after those that touch were joined. */
enum { NET_RULE_PORTS_MAX = 64 };

/* What only libraries know; both write a phrase for people into why and return -errno. */
struct net_names {
    /* A UTF-8 name in its canonical ASCII form (IDNA 2008, UTS 46), into out of HOST_NAME_SIZE bytes. */
    int (*to_ascii)(const char *name, char *out, struct buf *why);
    /* 0 if all names below name belong to one registrant, as far as the Public Suffix List knows. */
    int (*check_wildcard)(const char *name, struct buf *why);
};

struct net_rule_options {
    bool denies;
    bool trusted;                  /* a packaged rule: its wildcard was checked when the package was made */
    const struct net_names *names; /* asked for wildcards and names that are not ASCII only */
};

/* Read a rule; what ret points to belongs to the arena, origin is left to the caller. 0, -ENOMEM, or -EINVAL with the
 * reason and the fix in why. */
int net_rule_parse(struct arena *arena, const char *text, const struct net_rule_options *options,
                   struct net_rule *ret, struct buf *why);

/* The rule as net_rule_parse() would best read it: everything written out. 0 or -ENOMEM. */
int net_rule_format(const struct net_rule *rule, struct buf *out);

/* Do outer, n rules that allow, together allow everything at each of inner's ports? On false *ret_ports, if not NULL, is
 * the entry of inner that none of them allows. */
bool net_rules_cover(const struct net_rule *outer, size_t n, const struct net_rule *inner,
                     const struct net_ports **ret_ports);

#endif
