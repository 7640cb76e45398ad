/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gateway's policy as it travels from the monitor: one flat blob in a sealed memfd. A change while the jail runs is a
 * new blob that replaces the whole. The gateway checks every byte: a blob that is not right is no policy, and without
 * one nothing is allowed.
 *
 * The blob: numbers little-endian, strings as a 16-bit length, the bytes and a NUL.
 *   header   "AJEG", u32 version, u32 length of all
 *   u8 mode, u8 dns, u8 unknown (and 2 if pages are opened), u8 upstream kind, u16 upstream port, strings host, credentials,
 *   exceptions
 *   u32 n and n rules that allow, u32 n and n that deny:
 *     u8 host kind, u8 options (1: sni_optional, 2: ech_allowed), string name | u8 version, u8 bits, 16 bytes address,
 *     u16 n and n of { u16 first, u16 last, u8 scheme }, strings text, origin
 *   u32 n and n host ports, u32 n and n published ports: u16 inside, u16 outside
 *   u32 n and n name servers: address, u16 port
 *   u32 n and n entries of the hosts file: address, string name */
#ifndef AGENTJAIL_IPC_EGRESS_H
#define AGENTJAIL_IPC_EGRESS_H

#include "base/buf.h"
#include "base/endpoint.h"

enum {
    EGRESS_VERSION = 1,
    EGRESS_RULES_MAX = 4096,     /* that allow; as many that deny */
    EGRESS_RULE_PORTS_MAX = 128, /* ranges in one rule */
    EGRESS_PORTS_MAX = 256,      /* host ports; as many published ones */
    EGRESS_SERVERS_MAX = 8,
    EGRESS_HOSTS_MAX = 4096,
    EGRESS_BLOB_MAX = 4 << 20, /* bytes */
};

/* TCP ports that the gateway can connect to although no rule named them when it began, which is when it was confined to the
 * ports of its rules: ssh, http, https. Others that are granted while the jail runs take a dialler (ipc/dialler.h). */
#define EGRESS_GRANTABLE_PORTS { 22, 80, 443 }

/* EGRESS_NONE: there is no way out; what there is are published ports. */
enum egress_mode { EGRESS_FILTERED, EGRESS_OPEN, EGRESS_NONE, N_EGRESS_MODES };
enum egress_dns { EGRESS_DNS_SYNTHETIC, EGRESS_DNS_REAL, N_EGRESS_DNS };
enum egress_unknown { EGRESS_UNKNOWN_DENY, EGRESS_UNKNOWN_ASK, N_EGRESS_UNKNOWN };
enum egress_upstream { EGRESS_DIRECT, EGRESS_HTTP_PROXY, EGRESS_SOCKS5_PROXY, N_EGRESS_UPSTREAMS };

struct egress_rule {
    struct net_host host;
    struct net_ports *ports;
    size_t n_ports;
    bool sni_optional, ech_allowed;
    const char *text;   /* as written */
    const char *origin; /* "FILE:LINE" or "command line" */
};

struct egress_port {
    uint16_t inside, outside;
};

struct egress_server {
    struct ip ip;
    uint16_t port;
};

struct egress_host {
    struct ip ip;
    const char *name; /* canonical */
};

/* Strings are never NULL; "" where there is nothing. */
struct egress_policy {
    enum egress_mode mode;
    enum egress_dns dns;
    enum egress_unknown unknown;
    bool opens_pages; /* open-url = ask or allow */
    enum egress_upstream upstream;
    uint16_t upstream_port;
    const char *upstream_host;        /* canonical name or address */
    const char *upstream_credentials; /* "user:password" */
    const char *upstream_exceptions;  /* NO_PROXY, as written */
    struct egress_rule *allow, *deny;
    struct egress_port *host_ports, *published;
    struct egress_server *servers; /* in the order of resolv.conf */
    struct egress_host *hosts;     /* several entries may have one name */
    size_t n_allow, n_deny, n_host_ports, n_published, n_servers, n_hosts;
    void *memory; /* of a decoded policy: all of the above but the strings, which stay in the blob */
};

/* Append the blob to out. 0, -ENOMEM, or -E2BIG for more of something than the maxima above. */
int egress_encode(const struct egress_policy *policy, struct buf *out);

/* Read a blob of len bytes, which must outlive the result. 0, -ENOMEM, or -EBADMSG if anything in it is not as
 * egress_encode() writes it: *ret is untouched then. */
int egress_decode(const void *blob, size_t len, struct egress_policy *ret);

/* Release what egress_decode() made. */
void egress_free(struct egress_policy *policy);

#endif
