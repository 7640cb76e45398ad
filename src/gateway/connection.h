/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One TCP connection of the jail's: accepted, judged, dialled, relayed. One that the host makes to a published port begins
 * in DIAL, with its server's end, and gets the jail's there (gateway/publish.c).
 *
 *   HELD       the user is asked about it (ask.c)         -> HEAD, DIAL, or refused
 *   HEAD       its first bytes are awaited (tls, http)     -> DIAL, or refused
 *   DIAL       its server's addresses are asked for, tried -> RELAY, or refused
 *   RELAY      bytes go both ways until both have ended
 *   DEAD       to be released at the end of the turn */
#ifndef AGENTJAIL_GATEWAY_CONNECTION_H
#define AGENTJAIL_GATEWAY_CONNECTION_H

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "gateway/gateway.h"
#include "gateway/judge.h"
#include "gateway/limits.h"
#include "gateway/loop.h"
#include "gateway/pipes.h"

enum connection_state { CONNECTION_HELD, CONNECTION_HEAD, CONNECTION_DIAL, CONNECTION_RELAY, CONNECTION_DEAD };

/* An end of a connection, and what was read from it and not written to the other yet. */
struct end {
    struct source source;
    bool readable, writable;
    bool hung_up; /* the peer sends no more; what it sent may still be there */
    bool ended;   /* all was read */
    bool closed;  /* the end was passed on to this end: nothing more is written to it */
    bool bulk;    /* much comes from here: splice */
    struct pipe *pipe;
    size_t held;    /* bytes in pipe */
    uint8_t *stash; /* or those in here */
    size_t stash_at, stash_end;
};

struct head;
struct dial;
struct published;
struct counted;
struct inward;

enum { JAIL, SERVER };

struct connection {
    struct gateway_process *gateway;
    enum connection_state state;
    struct end end[2];
    struct job job;
    struct timer timer;
    struct link link;       /* of all connections */
    struct link held;       /* HELD */
    struct target target;   /* where it was meant to go, and by which rule it may */
    struct head *head;      /* HEAD, and http to the end */
    struct dial *dial;      /* DIAL */
    struct counted *place;  /* RELAY: where its bytes are counted */
    bool lent;              /* an end was made by another process, which may hold it a moment longer */
    struct published *published; /* the host's, to this; NULL: the jail's own */
    struct inward *inward;  /* DIAL, if published */
};

struct connections; /* of one gateway */

/* Room for limit connections; accepting is up to listen.c. NULL without memory. */
struct connections *connections_new(struct gateway_process *gateway, size_t limit);

/* A connection that was accepted at fd (taken over), meant for address and port. Judged at once. */
void connection_start(struct connections *all, int fd, const struct ip *address, uint16_t port);

/* A connection with the ends that there are yet (or -1), watched; its state is the caller's to set. The ends are taken over
 * unless it returns NULL: there is no room. */
struct connection *connection_new(struct connections *all, int jail, int server);

/* From HELD, or at the beginning, once a rule allows it: read its first bytes (tls, http), or dial. May refuse it. */
void connection_judged(struct connection *c);

/* From HEAD, or what came before: on to DIAL. May refuse it. */
void connection_dial(struct connection *c);

/* From DIAL to RELAY. fd (taken over) is the end that was missing: the server's, or the jail's if the host has connected. */
void connection_relay(struct connection *c, int fd);

/* The policy has changed: end what it allows no longer. */
void connections_judge(struct connections *all);

/* End all that came by a published port. */
void connections_end_published(struct connections *all, const struct published *published);

/* When fd is closed, its peer is to see a reset, as that of a closed port would. */
void connection_reset(int fd);

/* Bytes went through it: its idle time begins anew. */
void connection_touch(struct connection *c);

/* End it: both directions have ended in order. */
void connection_finish(struct connection *c);

/* End it: reset both ends, as the kernel would for an error. */
void connection_abort(struct connection *c);

/* End it, and say why. */
void connection_refuse(struct connection *c, enum gateway_reason reason, const char *text);

/* relay.c. In RELAY: pass on what can be passed on now, up to a turn's share; end the connection where both ways have ended, or
 * one is broken. */
void relay_run(struct connection *c);

/* Give back the pipes and the memory that it holds; for the end of a connection, in any state. */
void relay_end(struct connection *c);

/* Pass on n bytes that came from side; what the other side does not take now is kept. False: broken, for the caller to end. */
bool relay_deliver(struct connection *c, int side, const uint8_t *bytes, size_t n);

/* dial.c. In DIAL: find the addresses of c->target, try those that may be dialled, and go on to RELAY; else refuse it. */
void dial_start(struct connection *c);

/* Stop dialling, if it does: close what is under way, forget the question. */
void dial_end(struct connection *c);

/* head.c. Once, before there is any connection: the timers for those who say nothing. */
void head_init(struct loop *loop);

/* Go to HEAD and wait for the first bytes, by the rule's scheme: a ClientHello (RFC 8446) or a request (RFC 9112). At the limit
 * the one that has waited longest makes room, or this one is refused. */
void head_start(struct connection *c);

/* In HEAD: read what is there and judge it; go on to DIAL, or refuse it. */
void head_run(struct connection *c);

/* Release what is kept of the first bytes; for the end of a connection, in any state. */
void head_end(struct connection *c);

/* There is a server: pass the first bytes on to it. False: broken. */
bool head_pass(struct connection *c);

/* In RELAY: do bytes from side have to be looked at, by head_check() or head_check_answer(), before they go on?
 * So it is on http rules. */
bool head_watches(const struct connection *c, int side);

/* n bytes of the client's: passed on as far as they may, the rest kept until it is whole. False: refused or broken. */
bool head_check(struct connection *c, const uint8_t *bytes, size_t n);

/* n bytes of the server's, for what ends HTTP on this connection; passing them on is the caller's. False: refused. */
bool head_check_answer(struct connection *c, const uint8_t *bytes, size_t n);

#endif
