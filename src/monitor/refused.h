/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the gateway has refused: each thing once with its latest count, and in the end for people. */
#ifndef AGENTJAIL_MONITOR_REFUSED_H
#define AGENTJAIL_MONITOR_REFUSED_H

#include <stdbool.h>
#include <stddef.h>

#include "evidence/summary.h"
#include "ipc/egress.h"
#include "ipc/gateway_event.h"

enum { REFUSED_MAX = 256 }; /* different ones that are kept */

struct refused {
    struct gateway_event *list; /* REFUSED_MAX of them, made with the first; owned */
    size_t n;
};

/* Take in an event; a later one about the same thing replaces its count. True if it is the first. */
bool refused_add(struct refused *refused, const struct gateway_event *event);

/* Hand all over to the summary: what, why, and what to write to allow it. */
void refused_tell(const struct refused *refused, const struct egress_policy *policy, struct summary *summary);

/* Why something was refused, in words, by the policy that refused it. 0 or -ENOMEM. */
int refused_reason(const struct egress_policy *policy, const struct gateway_event *event, struct buf *out);

/* Release what it holds and make it empty. */
void refused_free(struct refused *refused);

#endif
