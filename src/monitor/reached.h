/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The places that the jail has reached through its gateway, and who has reached its published ports: connections and bytes of
 * each, as of the last second. Bounded, whatever the payload does. */
#ifndef AGENTJAIL_MONITOR_REACHED_H
#define AGENTJAIL_MONITOR_REACHED_H

#include <stddef.h>

#include "base/buf.h"
#include "ipc/gateway_event.h"

enum { REACHED_MAX = 256 }; /* the gateway tells no more apart, and counts others together */

struct reached {
    struct gateway_event *list; /* REACHED_MAX of them, made with the first; owned */
    size_t n;
};

/* Take in an event about what is allowed; a later one about the same place replaces its counts. True if
 * it is the first. */
bool reached_add(struct reached *reached, const struct gateway_event *event);

/* The place's protocol ("tls", or "published"); a constant. */
const char *reached_protocol(const struct gateway_event *place);

/* What the place is called: a name, an address, or "others". text has room for GATEWAY_NAME_SIZE bytes and may be what is
 * returned. */
const char *reached_host(const struct gateway_event *place, char *text);

/* A line for people for each. 0 or -ENOMEM. */
int reached_print(const struct reached *reached, struct buf *out);

/* Release what it holds and make it empty. */
void reached_free(struct reached *reached);

#endif
