/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of the jail's that this host reaches at its own 127.0.0.1: who listens, and what the others are told. A listener on
 * the host is made by the monitor before it confines itself, or by another process of the user's, never by the gateway and
 * never at the jail's wish. */
#ifndef AGENTJAIL_MONITOR_PUBLISH_H
#define AGENTJAIL_MONITOR_PUBLISH_H

#include "base/buf.h"
#include "profile/policy.h"

struct loop;
struct jails;

/* Listen at this host's 127.0.0.1, port grant->outside, for the jail's port grant->inside. Needs socket(2) and bind(2), so it
 * is not for a monitor that has confined itself. runtime_dir and state_dir are the policy's (NULL: none): who holds a port
 * that is taken is looked for among the jails there. The listener, or -errno with a line for people in why, that names the
 * holder and what to write instead. */
int publish_listen(const struct port_grant *grant, const char *runtime_dir, const char *state_dir, struct buf *why);

/* The same, with the jails already found. */
int publish_listen_beside(const struct port_grant *grant, const struct jails *list, struct buf *why);

/* May the policy have this, as far as its ceilings and what is published already go? 0 or -errno with a line in why. */
int publish_check(const struct policy *policy, const struct port_grant *grant, struct buf *why);

/* In a running jail's monitor: connections to listener (taken over, also on failure; it is checked to be one at that port)
 * go to the jail from now on. grant->origin.file must be static; it is what --inspect shows. number: the order's, 0 if nobody
 * waits for it to be done. 0 or -errno with a line in why. */
int publish_add(struct loop *l, const struct port_grant *grant, int listener, uint32_t number, struct buf *why);

/* Close it again, with its connections. 0 or -errno (-ENOENT: the port is not published). */
int publish_remove(struct loop *l, uint16_t outside, uint32_t number);

#endif
