/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses that the payload wants opened in the host's browser (ipc/open_url.h): passed on to the monitor, and its answer
 * back. Nothing in them is looked at here. */
#ifndef AGENTJAIL_GATEWAY_OPENER_H
#define AGENTJAIL_GATEWAY_OPENER_H

#include "gateway/gateway.h"
#include "ipc/gateway_order.h"

struct openings;

/* channel: to the monitor. NULL without memory. */
struct openings *openings_new(struct gateway_process *gateway, int channel);

/* Is a connection to address and port one of the opener's? Never unless the policy opens pages. */
bool opener_is_meant(const struct gateway_process *gateway, const struct ip *address, uint16_t port);

/* Serve it; fd is taken over. */
void opener_start(struct openings *all, int fd);

/* The monitor's answer, to whom it is for; nobody may wait any more. 0, or -EBADMSG if it is none. */
int opener_answered(struct openings *all, const struct gateway_order *order);

#endif
