/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that go through the policy's proxy: what is said on the socket to it until it has connected. */
#ifndef AGENTJAIL_GATEWAY_UPSTREAM_H
#define AGENTJAIL_GATEWAY_UPSTREAM_H

#include <stdbool.h>

#include "gateway/judge.h"
#include "gateway/loop.h"

struct upstream_talk;

/* Does the target's connection go through the proxy? Not to this host's own ports, nor to what NO_PROXY excepts. */
bool upstream_serves(const struct egress_policy *policy, const struct target *target);

/* Ask the proxy that fd is connected to (taken over, also on failure) for the target, which must outlive the talk. done is
 * called once, not from within: with why NULL the proxy has connected, and upstream_take() gives the socket. NULL without
 * memory. */
struct upstream_talk *upstream_begin(struct loop *loop, const struct egress_policy *policy, const struct target *target, int fd,
                                     void (*done)(void *data, const char *why), void *data);

/* The socket, now the caller's: what it reads next is the server's. */
int upstream_take(struct upstream_talk *talk);

/* End it, at any time. NULL is fine. */
void upstream_end(struct upstream_talk *talk);

#endif
