/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening on this host for a port of the jail's. A listener is made by the monitor before it confines itself, or by another
 * process of the user's, never by the gateway and never at the jail's wish. */
#ifndef AGENTJAIL_MONITOR_PUBLISH_LISTEN_H
#define AGENTJAIL_MONITOR_PUBLISH_LISTEN_H

#include "base/buf.h"
#include "profile/policy.h"

struct jails;

/* Listen at this host's 127.0.0.1, port grant->outside, for the jail's port grant->inside. Needs socket(2) and bind(2), so it
 * is not for a monitor that has confined itself. runtime_dir and state_dir are the policy's (NULL: none): who holds a port
 * that is taken is looked for among the jails there. The listener, or -errno with a line for people in why, that names the
 * holder and what to write instead. */
int publish_listen(const struct port_grant *grant, const char *runtime_dir, const char *state_dir, struct buf *why);

/* The same, with the jails already found. */
int publish_listen_beside(const struct port_grant *grant, const struct jails *list, struct buf *why);

#endif
