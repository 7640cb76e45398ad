/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two halves of a network rule, whom and at which ports, and how they are compared. Pure. */
#ifndef AGENTJAIL_BASE_ENDPOINT_H
#define AGENTJAIL_BASE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/* What has to be spoken at a port. */
enum net_scheme {
    NET_TCP,  /* anything over TCP */
    NET_TLS,  /* the ClientHello names the host */
    NET_HTTP, /* every request names the host */
    NET_UDP,
    NET_ANY, /* TCP and UDP: only in rules that deny */
    N_NET_SCHEMES,
};

enum net_host_kind {
    NET_HOST_NAME,    /* exactly this name */
    NET_HOST_BELOW,   /* *.name: any name below it */
    NET_HOST_TREE,    /* **.name: that, and the name itself */
    NET_HOST_ADDRESS, /* an address or prefix */
    N_NET_HOST_KINDS,
};

struct net_host {
    enum net_host_kind kind;
    const char *name;        /* canonical (base/host_name.h); NULL with NET_HOST_ADDRESS */
    struct ip_prefix prefix; /* of NET_HOST_ADDRESS */
};

/* Ports first to last (both included) and what has to be spoken there. */
struct net_ports {
    uint16_t first, last;
    enum net_scheme scheme;
};

/* "tls" and so on; NET_ANY is "any". Never NULL. */
const char *net_scheme_name(enum net_scheme scheme);

/* Of the names above, but not "any"; false if it is none. */
bool net_scheme_by_name(const char *name, size_t len, enum net_scheme *ret);

/* Does the scheme have to do with UDP (or with TCP)? NET_ANY with both. */
bool net_scheme_is(enum net_scheme scheme, bool udp);

/* Does a rule that allows outer allow whatever inner does? "tcp" allows more than "tls" and "http". */
bool net_scheme_covers(enum net_scheme outer, enum net_scheme inner);

/* Does the host of a rule stand for this canonical name? Never if it is an address or a network. */
bool net_host_has_name(const struct net_host *host, const char *name);

/* Does the host of a rule stand for this address? Never if it is a name: no name is looked up. */
bool net_host_has_ip(const struct net_host *host, const struct ip *ip);

/* Does outer stand for everything that inner stands for? */
bool net_host_covers(const struct net_host *outer, const struct net_host *inner);

/* The entry for a port of TCP or UDP, or NULL. Entries of one transport do not overlap. */
const struct net_ports *net_ports_find(const struct net_ports *ports, size_t n, uint16_t port, bool udp);

#endif
