/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DNS messages as a server of few words reads and writes them (RFC 1035, EDNS: RFC 6891, RFC 8482, RFC 9619). Pure; no
 * memory but the caller's. What is odd in a question is answered with an error, never guessed at. */
#ifndef AGENTJAIL_GATEWAY_DNS_CODEC_H
#define AGENTJAIL_GATEWAY_DNS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host_name.h"
#include "base/ip.h"

enum {
    DNS_UDP_SIZE = 512,         /* of a reply, unless the question says more */
    DNS_UDP_SIZE_MAX = 4096,    /* more is never sent over UDP */
    DNS_REPLY_MAX = 8192,       /* of a reply over TCP */
    DNS_QUESTION_MAX = 255 + 4, /* name, type, class on the wire */
    DNS_ANSWERS_MAX = 64,       /* records of a reply */
};

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41, DNS_IXFR = 251, DNS_AXFR = 252, DNS_ANY = 255 };

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
    DNS_BADVERS = 16,
};

struct dns_question {
    uint16_t id;
    enum dns_rcode rcode; /* not DNS_NOERROR: answer that, whatever is asked */
    uint16_t type;
    char name[HOST_NAME_SIZE]; /* canonical; "" if it is no host name, of which there is none to answer */
    bool recursion;            /* desired */
    bool edns;
    uint16_t size; /* that a reply over UDP may have */
    uint8_t wire[DNS_QUESTION_MAX]; /* the question as it came: replies repeat it with its capitals */
    size_t wire_len;                /* 0: not readable */
};

struct dns_answer {
    enum dns_rcode rcode;
    uint32_t ttl;               /* seconds */
    const struct ip *addresses; /* those of the question's type are sent, at most DNS_ANSWERS_MAX */
    size_t n_addresses;
    const char *pointer; /* to a PTR question: the canonical name, or NULL */
};

/* Read a message that came as a question. 0, or -EBADMSG for what is not to be answered at all: too short to have a
 * header, or itself an answer. */
int dns_parse(const uint8_t *message, size_t len, struct dns_question *ret);

/* Write the reply to out, of size bytes (at least DNS_UDP_SIZE). Over UDP what does not fit the question's size is left
 * out and marked as truncated, so that the asker comes back over TCP. Returns the length. */
size_t dns_build(const struct dns_question *question, const struct dns_answer *answer, bool udp, uint8_t *out, size_t size);

/* The address that a canonical name of in-addr.arpa or ip6.arpa stands for (RFC 1035 3.5, RFC 3596 2.5); false for other
 * names. */
bool dns_reverse(const char *name, struct ip *ret);

#endif
