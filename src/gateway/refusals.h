/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the gateway tells the monitor: each different refusal once, and then its count now and then. */
#ifndef AGENTJAIL_GATEWAY_REFUSALS_H
#define AGENTJAIL_GATEWAY_REFUSALS_H

#include "gateway/gateway.h"

struct refusal {
    enum gateway_reason reason;
    const struct target *target;
    const char *text; /* may be NULL */
};

/* channel: to the monitor. NULL without memory. */
struct refusals *refusals_new(struct gateway_process *gateway, int channel);

void refusals_add(struct gateway_process *gateway, const struct refusal *refusal);

/* A connection that goes through. */
void refusals_allowed(struct gateway_process *gateway, const struct target *target);

#endif
