/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes to a jail's network while it runs: rules granted and revoked, ports published and taken back. One at a time: it is
 * under way until the gateway has said that it holds. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_LIVE_H
#define AGENTJAIL_MONITOR_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/control.h"
#include "profile/policy.h"

struct loop;

struct live {
    uint32_t number;       /* of the last order to the gateway */
    enum control_kind kind; /* under way; 0: nothing is */
    struct policy before;  /* its rules as they were: refusals of that time name them by number */
    struct policy first;   /* the rules that the jail was started with, once there was a change */
    uint16_t outside;      /* the port that is being published */
    bool bringing;         /* what a grant needs is on its way to the gateway; its rule is next */
};

/* CONTROL_GRANT or CONTROL_REVOKE a canonical rule (profile/net_change.h): within the ceilings, and what the gateway can do.
 * brought (taken over): -1, or the channel of a dialler that may connect to the rule's ports, or of who makes sockets for them
 * (UDP). CONTROL_LATER, or -errno with a line for people in why (-EBUSY: another change is under way; -CONTROL_NEEDS_DIALLER,
 * -CONTROL_NEEDS_LISTENERS: the gateway was not started for these ports). */
int live_rule(struct loop *l, enum control_kind kind, const char *rule, int brought, struct buf *why);

/* Publish a port; see publish_add(). The same results. */
int live_publish(struct loop *l, const struct port_grant *grant, int listener, struct buf *why);

/* Take a published port back, whoever published it; both its numbers must be those. The same results. */
int live_unpublish(struct loop *l, const struct port_grant *grant, struct buf *why);

/* What an order has come to. */
struct live_end {
    bool rules;         /* they have changed */
    uint16_t published; /* the port of the host's that was to be published; 0: it was none of these orders */
    int error;          /* of that: an errno, 0 for success */
};

/* The gateway has carried out an order, or failed to (an errno): who waits for it at the control socket is answered. */
struct live_end live_done(struct loop *l, uint32_t number, int error);

/* The gateway is gone. */
void live_lost(struct loop *l);

#endif
