/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network links, in the network namespace of the caller. */
#ifndef AGENTJAIL_NETLINK_LINK_H
#define AGENTJAIL_NETLINK_LINK_H

#include <stdbool.h>

/* Bring the loopback device, with 127.0.0.1 and ::1, up or down. 0 or -errno. */
int link_loopback_set(bool up);

#endif
