/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the gateway tells the monitor, over a SOCK_SEQPACKET pair. What the monitor says is ipc/gateway_order.h; its end
 * closes with the jail.
 *
 *   event            fields                                               permitted
 *   GATEWAY_FAILED   name: why, for people                                first and last
 *   GATEWAY_READY    -                                                    first, once: it is confined, and hears the jail
 *   GATEWAY_REFUSED  what was refused, see struct gateway_event           after that, any number
 *   GATEWAY_ALLOWED  connections that a rule lets through, to one place:  the same
 *                    how many, and the bytes so far
 *   GATEWAY_ASK      count: a number for the answer; name and port that   the same, with unknown = ask
 *                    no rule speaks of: may it? Answer: ORDER_ANSWER
 *   GATEWAY_OPEN     count: a number for the answer; behind the event     the same, with open-url = ask or allow
 *                    the bytes of an address for the browser, which
 *                    nobody has looked at yet. Answer: ORDER_OPENED
 *   GATEWAY_DONE     count: the order's number, rule: 0 or an errno       after READY, once for each order that has a number
 *
 * Anything else ends the gateway, and with it the jail's network. */
#ifndef AGENTJAIL_IPC_GATEWAY_EVENT_H
#define AGENTJAIL_IPC_GATEWAY_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/web_url.h"

enum gateway_event_kind {
    GATEWAY_FAILED = 1,
    GATEWAY_READY,
    GATEWAY_REFUSED,
    GATEWAY_ALLOWED,
    GATEWAY_DONE,
    GATEWAY_ASK,
    GATEWAY_OPEN,
    GATEWAY_EVENT_KINDS,
};

enum gateway_protocol { GATEWAY_TCP, GATEWAY_UDP, GATEWAY_TLS, GATEWAY_HTTP, GATEWAY_DNS, GATEWAY_PUBLISHED,
                        GATEWAY_PROTOCOLS };

/* Why something was refused. */
enum gateway_reason {
    REFUSED_POLICY,        /* the verdict: decision, class, rule (gateway/verdict.h) */
    REFUSED_SERVER_NAME,   /* TLS names another host, which is in text, or none */
    REFUSED_NOT_TLS,       /* a tls rule, and what came was not TLS */
    REFUSED_HOST_HEADER,   /* HTTP names another host, which is in text, or none */
    REFUSED_NOT_HTTP,      /* an http rule, and what came was not HTTP/1.1 */
    REFUSED_PRIVATE,       /* the name leads to an address that no public service has: address, text says what it is */
    REFUSED_UNRESOLVED,    /* the name could not be resolved: text */
    REFUSED_UNREACHABLE,   /* no address answered: text */
    REFUSED_FULL,          /* a limit of the gateway's: text */
    REFUSED_SLOW,          /* nothing to judge came in time */
    REFUSED_ASKED,         /* the user was asked and said no */
    REFUSED_UNANSWERED,    /* nobody was there to be asked, or answered in time */
    REFUSED_REASONS,
};

#define GATEWAY_NAME_SIZE 256

struct gateway_event {
    uint8_t kind;
    uint8_t protocol;
    uint8_t reason;
    uint8_t decision;   /* enum verdict_reason */
    uint8_t class;      /* enum ip_class */
    uint8_t pad;
    uint16_t port;
    int32_t rule;       /* verdict_rule_number() */
    uint32_t count;     /* how often, since the start; of refusals: since the policy changed last */
    struct ip address;  /* version 0: none */
    char name[GATEWAY_NAME_SIZE]; /* "": none */
    char text[GATEWAY_NAME_SIZE];
    uint64_t sent, received; /* bytes from the jail, and to it */
};

/* Send without waiting; never raises SIGPIPE. 0 or -errno (-EAGAIN: the monitor is behind). */
int gateway_event_send(int channel, const struct gateway_event *event);

/* The same for GATEWAY_OPEN, with len bytes behind it (1 to WEB_URL_MAX). */
int gateway_event_send_url(int channel, const struct gateway_event *event, const char *url, size_t len);

/* What came behind an event. */
struct gateway_url {
    size_t len; /* 0: nothing did */
    char bytes[WEB_URL_MAX];
};

/* Receive one. Strings are terminated, numbers in range; of an url only len is set unless the event has one. 0, -EAGAIN,
 * -EPIPE at the end, -EBADMSG. */
int gateway_event_receive(int channel, struct gateway_event *ret_event, struct gateway_url *ret_url);

#endif
