/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes that connect for us to ports which were granted later (ipc/dialler.h). */
#ifndef AGENTJAIL_GATEWAY_DIALLERS_H
#define AGENTJAIL_GATEWAY_DIALLERS_H

#include "base/ip.h"
#include "gateway/gateway.h"
#include "gateway/socket_maker.h"

struct diallers;

/* NULL without memory. */
struct diallers *diallers_new(struct gateway_process *gateway);

/* One more: channel is taken over, also on failure. 0; -EOPNOTSUPP where its ports are not heard in the jail; or another
 * -errno. */
int diallers_add(struct diallers *all, int channel);

/* Does this port take one of them? */
bool diallers_needed(const struct diallers *all, uint16_t port);

/* Ask for a socket that connects to address and port. 0 or -errno: -EACCES if none of them has the port. */
int diallers_ask(struct diallers *all, const struct ip *address, uint16_t port, struct socket_wish *wish);

/* The policy has changed: those of which no rule names a port any more are let go. */
void diallers_judge(struct diallers *all);

#endif
