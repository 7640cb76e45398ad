/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network links, in the network namespace of the caller. */
#ifndef AGENTJAIL_NETLINK_LINK_H
#define AGENTJAIL_NETLINK_LINK_H

#include <stdbool.h>

/* A socket for the network namespace of the calling thread. Its fd (O_CLOEXEC) or -errno. */
int link_open(void);

/* The network namespace of such a socket. Takes less time than /proc does. Its fd (O_CLOEXEC) or -errno. See
 * SIOCGSKNS in netdevice(7)'s kernel header linux/sockios.h. */
int link_namespace(int socket);

/* Bring the loopback device, with 127.0.0.1 and ::1, up or down. 0 or -errno. */
int link_loopback_set(int socket, bool up);

#endif
