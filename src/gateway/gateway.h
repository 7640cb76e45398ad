/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the gateway's process share. */
#ifndef AGENTJAIL_GATEWAY_GATEWAY_H
#define AGENTJAIL_GATEWAY_GATEWAY_H

#include "gateway/judge.h"
#include "gateway/loop.h"
#include "ipc/gateway_event.h"

struct resolver;
struct refusals;
struct udp_flows;
struct connections;
struct publishing;
struct asks;
struct openings;
struct diallers;
struct late_udp;

struct gateway_process {
    struct loop loop;
    bool ipv6; /* the host has it */
    bool hears_all; /* TCP to every port of the jail's comes here: there is nf_tables */
    int witness; /* a socket of our own network namespace, or -1; a listener has it */
    struct judge judge; /* the policy, and the names that were given addresses */
    struct resolver *resolver;
    struct refusals *refusals;
    struct connections *connections;
    struct udp_flows *udp;
    struct publishing *publishing;
    struct asks *asks; /* what the user is asked about */
    struct openings *openings; /* pages for the host's browser */
    struct diallers *diallers; /* who connects to ports that were granted later */
    struct late_udp *late_udp; /* who makes the sockets for those of UDP */
};

/* The gateway's program, after the exec: reads what it needs of the host, confines itself, serves until the monitor is gone. */
_Noreturn void gateway_main(void);

#endif
