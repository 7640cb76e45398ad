/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of the jail's that this host reaches at its own 127.0.0.1, in a running jail's monitor. */
#ifndef AGENTJAIL_MONITOR_PUBLISH_H
#define AGENTJAIL_MONITOR_PUBLISH_H

#include "base/buf.h"
#include "profile/policy.h"

struct loop;

/* May the policy have this, as far as its ceilings and what is published already go? 0 or -errno with a line in why. */
int publish_check(const struct policy *policy, const struct port_grant *grant, struct buf *why);

/* Connections to listener (taken over, also on failure; it is checked to be one at that port)
 * go to the jail from now on. grant->origin.file must be static; it is what --inspect shows. number: the order's, 0 if nobody
 * waits for it to be done. 0 or -errno with a line in why. */
int publish_add(struct loop *l, const struct port_grant *grant, int listener, uint32_t number, struct buf *why);

/* Close it again, with its connections. 0 or -errno (-ENOENT: the port is not published). */
int publish_remove(struct loop *l, uint16_t outside, uint32_t number);

#endif
