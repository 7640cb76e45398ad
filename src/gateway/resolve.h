/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names to addresses, as the host would: /etc/hosts, then the servers of /etc/resolv.conf, through c-ares. Only for names of
 * connections that a rule has allowed. */
#ifndef AGENTJAIL_GATEWAY_RESOLVE_H
#define AGENTJAIL_GATEWAY_RESOLVE_H

#include "base/buf.h"
#include "base/ip.h"
#include "gateway/limits.h"
#include "gateway/loop.h"

struct resolver;

struct addresses {
    size_t n;
    struct ip list[LIMIT_DIAL_ADDRESSES];
    uint32_t ttl; /* seconds that they may be kept */
};

/* Load c-ares and read the host's configuration: before the gateway confines itself. ipv6: the host has IPv6. 0 or -errno with
 * a message in why. */
int resolver_new(struct resolver **ret_resolver, bool ipv6, struct buf *why);

/* Each name and address of /etc/hosts. at is 0 at first; false: no more. */
bool resolver_next_host(const struct resolver *resolver, size_t *at, const char **ret_name, struct ip *ret_ip);

/* Begin to work, in this loop. */
void resolver_start(struct resolver *resolver, struct loop *loop);

/* Where an answer goes. It must stay where it is until then, or be cancelled. */
struct lookup {
    /* addresses is NULL on failure, and text says why. May be called within resolver_ask(). */
    void (*answered)(struct lookup *lookup, const struct addresses *addresses, const char *text);
    struct query *query; /* NULL: not waiting */
    bool missing;        /* on failure: there is no such name */
    struct lookup *next;
};

/* Ask for the addresses of a canonical name. */
void resolver_ask(struct resolver *resolver, const char *name, struct lookup *lookup);

/* Nobody waits for the answer any more: answered() is not called. Does nothing to a lookup that does not wait. */
void resolver_cancel(struct lookup *lookup);

#endif
