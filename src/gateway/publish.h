/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of the jail that the host reaches at its own 127.0.0.1. The listeners are made by the monitor, or by who asks it, and
 * handed over; the sockets inside by init (ipc/inward.h). The gateway can make neither. */
#ifndef AGENTJAIL_GATEWAY_PUBLISH_H
#define AGENTJAIL_GATEWAY_PUBLISH_H

#include "gateway/gateway.h"

struct connection;
struct publishing;

/* channel: to init (watched by the caller); it stays the caller's. NULL without memory. */
struct publishing *publish_new(struct gateway_process *gateway, int channel);

/* Take connections at listener (taken over, also on failure) to the jail's port inside. 0 or -errno. */
int publish_start(struct publishing *all, uint16_t inside, uint16_t outside, int listener);

/* Take no more at the host's port outside, and end those there are. 0 or -ENOENT. */
int publish_stop(struct publishing *all, uint16_t outside);

/* Init has answered. False: it is gone, or said what it may not. */
bool publish_answered(struct publishing *all);

/* The channel to init is closed: nobody gets in any more. */
void publish_lost(struct publishing *all);

/* A connection ends: forget it. */
void publish_end(struct connection *c);

#endif
