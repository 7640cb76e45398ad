/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks an upstream proxy for a connection: HTTP CONNECT (RFC 9110 9.3.6) or SOCKS 5 (RFC 1928, RFC 1929), names always for the
 * proxy to resolve. Pure: says what to send, reads what comes, in any pieces, and never a byte that is behind the answer. The
 * proxy is the user's, but what it sends is read as if it were hostile. */
#ifndef AGENTJAIL_GATEWAY_PROXY_REPLY_H
#define AGENTJAIL_GATEWAY_PROXY_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/egress.h"

enum {
    PROXY_REPLY_MAX = 8192,   /* bytes of a CONNECT's answer */
    PROXY_CREDENTIALS_MAX = 510,
    PROXY_REQUEST_MAX = 2048, /* of what is sent at a time */
};

enum proxy_result {
    PROXY_SEND,   /* send out, out_len bytes, then feed what comes */
    PROXY_MORE,   /* feed what comes next */
    PROXY_OPEN,   /* connected: what follows belongs to the connection */
    PROXY_FAILED, /* why, and for CONNECT the status, say it */
};

/* The fields below the line are the reader's own. */
struct proxy_talk {
    enum proxy_result result;
    uint8_t out[PROXY_REQUEST_MAX];
    size_t out_len;
    char why[128]; /* for people: plain ASCII */
    int status;    /* of CONNECT's answer, 0: none yet */
    /* - */
    enum egress_upstream kind;
    const char *host, *credentials;
    uint16_t port;
    unsigned state;
    size_t need, len;
    uint8_t in[262];
    size_t total, line;
    bool line_cr;
};

/* Ask for port of host, a canonical name or an address. credentials: "user:password" or "". kind is not EGRESS_DIRECT. The
 * strings must outlive the talk. Leaves PROXY_SEND, or PROXY_FAILED if the credentials cannot be said. */
void proxy_begin(struct proxy_talk *talk, enum egress_upstream kind, const char *host, uint16_t port,
                 const char *credentials);

/* Read len bytes at most; *ret_used are taken. After PROXY_OPEN the others are the connection's. Once more when something
 * was sent: *ret_used may be less than len with PROXY_SEND. Returns talk->result. */
enum proxy_result proxy_feed(struct proxy_talk *talk, const uint8_t *bytes, size_t len, size_t *ret_used);

/* Is this host excepted from the proxy by a list such as NO_PROXY ("localhost,.corp.example,10.0.0.0/8,*")? Names match
 * themselves and what is below them, with or without a dot before; addresses match prefixes. host is canonical. */
bool proxy_excepts(const char *list, const char *host);

#endif
