/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gateway, as the monitor sees it: a process of its own that decides which connections of the jail's go on. */
#ifndef AGENTJAIL_MONITOR_GATEWAY_H
#define AGENTJAIL_MONITOR_GATEWAY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ipc/gateway_event.h"
#include "ipc/gateway_order.h"
#include "ipc/open_url.h"
#include "ipc/start.h"
#include "profile/policy.h"

struct gateway {
    pid_t pid;    /* of what was started, and the process group of what runs; 0: there is none */
    bool entered; /* the former has ended and is gone */
    int events;   /* what it tells us, non-blocking */
    int jail;     /* for MSG_GATEWAY: the end that listeners are sent to, -1 once handed over */
};

#define GATEWAY_EMPTY ((struct gateway){ .events = -1, .jail = -1 })

/* Does this policy need one? */
bool gateway_wanted(const struct policy *policy);

/* Start it: a copy of this program, which makes a user and a pid namespace of its own, with the policy in sealed memory and
 * no other file. It confines itself and says GATEWAY_READY when the jail is joined to it. ret_wish is what the jail has to make
 * for it. 0 or -errno with a message in why. */
int gateway_start(const struct policy *policy, struct gateway *ret_gateway, struct network_wish *ret_wish, struct buf *why);

/* It is ready, so that the process which was started has done its part: what is left of that goes. */
void gateway_entered(struct gateway *gateway);

/* Does it run, and listen to orders? */
bool gateway_hears(const struct gateway *gateway);

/* Order the gateway (ipc/gateway_order.h) to take the connections of a listener for a published port; answered by
 * GATEWAY_DONE with number, unless that is 0. The listener stays the caller's. 0 or -errno: it is gone, or behind. */
int gateway_publish(const struct gateway *gateway, const struct port_grant *grant, int listener, uint32_t number);

/* Order it to close the listener of a port of the host, and its connections. The rest as above. */
int gateway_unpublish(const struct gateway *gateway, uint16_t outside, uint32_t number);

/* Order it to ask this dialler (ipc/dialler.h) for connections to ports that it may not connect to itself. channel stays the
 * caller's. 0 or -errno. */
int gateway_add_dialler(const struct gateway *gateway, int channel, uint32_t number);

/* Order it to ask at this channel (ipc/late_udp.h) for the sockets of UDP ports. The rest as above. */
int gateway_add_udp(const struct gateway *gateway, int channel, uint32_t number);

/* Judge by the policy's rules and ports from now on. 0 or -errno with a message in why. */
int gateway_change(const struct gateway *gateway, const struct policy *policy, uint32_t number, struct buf *why);

/* Answer GATEWAY_ASK. seconds: how long it holds, 0: to the end. 0 or -errno. */
int gateway_answer(const struct gateway *gateway, uint32_t question, enum gateway_answer verdict, unsigned seconds);

/* Answer GATEWAY_OPEN. 0 or -errno. */
int gateway_opened(const struct gateway *gateway, uint32_t question, enum open_result result);

/* End it and release everything. */
void gateway_stop(struct gateway *gateway);

#endif
