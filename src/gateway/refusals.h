/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the gateway tells the monitor: each different refusal and each place that is reached once, and then its count now and
 * then. */
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

/* Something is refused: told if it is new, else counted. Of what refusal points to nothing is kept. */
void refusals_add(struct gateway_process *gateway, const struct refusal *refusal);

struct counted; /* a place that is reached; it lives as long as the gateway */

/* A connection (flow) goes through. For refusals_moved(). */
struct counted *refusals_allowed(struct gateway_process *gateway, const struct target *target);

/* Bytes of such a connection from the jail, and to it. place may be NULL. */
void refusals_moved(struct counted *place, uint64_t sent, uint64_t received);

/* The policy has changed, and with it the rules' numbers: tell what is untold, and count from nothing. */
void refusals_begin_anew(struct refusals *all);

/* The end: tell what is untold. */
void refusals_flush(struct refusals *all);

/* An order of the monitor's is carried out: error 0 or an errno. */
void refusals_done(struct refusals *all, uint32_t number, int error);

#endif
