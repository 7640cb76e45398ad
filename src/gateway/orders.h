/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor says while the jail runs (ipc/gateway_order.h). */
#ifndef AGENTJAIL_GATEWAY_ORDERS_H
#define AGENTJAIL_GATEWAY_ORDERS_H

#include "gateway/gateway.h"

/* Carry out the orders that have come on channel, and answer each. Ends the process when the monitor has closed its end, or
 * says what it cannot mean: without a policy that is right nothing is allowed. */
void orders_serve(struct gateway_process *gateway, int channel);

/* What the host's /etc/hosts says counts for the names that the policy allows. */
void orders_note_hosts(struct gateway_process *gateway);

#endif
