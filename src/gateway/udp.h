/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Datagrams between the jail and servers that udp rules name: a flow for each pair, ended when idle. */
#ifndef AGENTJAIL_GATEWAY_UDP_H
#define AGENTJAIL_GATEWAY_UDP_H

#include "gateway/gateway.h"

/* NULL without memory. */
struct udp_flows *udp_new(struct gateway_process *gateway);

/* Serve a socket that is bound to port (taken over). late: until no rule names the port any more; the first that does may come
 * after it. 0 or -errno: fd is the caller's still. */
int udp_start(struct gateway_process *gateway, int fd, uint16_t port, bool late);

/* Is there room for n more of those? Those whose rule has never come make room. */
bool udp_room(struct udp_flows *all, size_t n);

/* The policy has changed: end the flows that it allows no longer. */
void udp_judge(struct udp_flows *all);

#endif
