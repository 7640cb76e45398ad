/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the policy says to a connection, a name, an address: the verdicts (gateway/verdict.h) brought together with the names
 * that were given addresses (gateway/names.h). */
#ifndef AGENTJAIL_GATEWAY_JUDGE_H
#define AGENTJAIL_GATEWAY_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ip.h"
#include "gateway/names.h"
#include "gateway/verdict.h"

/* A policy and what it points into. */
struct judge_policy {
    struct egress_policy policy;
    void *blob;
};

struct judge {
    struct egress_policy policy;
    struct judge_policy first; /* what does not change: all but rules and ports. It stays */
    struct name_table *names;
    void *blob;      /* what policy points into */
    uint16_t *ports; /* TCP ports that may have to be connected to; NULL: any */
    size_t n_ports;
};

/* How a target is dialled. */
enum target_way { TARGET_NAME, TARGET_ADDRESS };

/* Where a connection was meant to go, and what came of it. */
struct target {
    struct ip address; /* as the payload had it */
    uint16_t port;
    bool udp;
    bool dns;          /* a question, not a connection */
    bool published;    /* the host's, to a port of the jail's: port is the host's */
    bool several;      /* dns = real: more than one name has this address; its first bytes tell which one is meant */
    const char *name;  /* NULL: none, or not known yet. Lives as long as the gateway */
    struct decision decision;
    enum target_way way;
    struct ip dial_address;
    uint16_t dial_port;
    struct ip dialled; /* the server's, once it is reached; version 0: none, or a proxy's */
};

/* Read the policy from fd (a sealed memfd) and make an empty table of names. 0 or -errno with a message in why. */
int judge_load(struct judge *judge, int fd, struct buf *why);

/* Judge by another policy's rules and ports from now on: a blob (taken over unless this fails) of len bytes. What was decided
 * before points into *ret_old; judge_release() that, when all of it is decided anew. 0 or -errno. */
int judge_replace(struct judge *judge, void *blob, size_t len, struct judge_policy *ret_old);

/* Release what judge_replace() has put into *old, once nothing points into it; what is fixed at the start stays. */
void judge_release(struct judge *judge, struct judge_policy *old);

/* May what target has come to go on under the policy that is now? Its decision is set anew. */
bool judge_again(const struct judge *judge, struct target *target);

/* The payload may know that name has this address, as it can read /etc/hosts: count it as answered, if the name may be. */
void judge_note(struct judge *judge, const char *name, const struct ip *ip);

/* May port of this address be reached? ret_target tells how, or why not. */
bool judge_target(const struct judge *judge, const struct ip *address, uint16_t port, bool udp, struct target *ret_target);

/* The client says that it means name (canonical): is that the target's? Where several names have the address it becomes the
 * target's, if it is one of them and allowed. */
bool judge_name_of(const struct judge *judge, struct target *target, const char *name);

/* The next of several names that the target's address was answered for, and that may be reached over scheme; NULL: no more. *at
 * is 0 at first. */
const char *judge_next_name(const struct judge *judge, const struct target *target, enum net_scheme scheme, size_t *at);

/* May this address be dialled for the target? NULL if so, else why not: "private". *ret_own: even if it is this host's own. */
const char *judge_address(const struct judge *judge, const struct target *target, const struct ip *ip, bool *ret_own);

#endif
