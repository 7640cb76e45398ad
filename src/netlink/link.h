/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network links, addresses and routes (rtnetlink(7)). Each call works in the network namespace that its rtnetlink socket
 * was opened in, wherever the caller is now. */
#ifndef AGENTJAIL_NETLINK_LINK_H
#define AGENTJAIL_NETLINK_LINK_H

#include <stdbool.h>

/* A socket for the network namespace of the calling thread. Its fd (O_CLOEXEC) or -errno. */
int link_open(void);

/* The network namespace of such a socket. Takes less time than /proc does. Its fd (O_CLOEXEC) or -errno. See
 * SIOCGSKNS in netdevice(7)'s kernel header linux/sockios.h. */
int link_namespace(int socket);

/* Bring the loopback device, with 127.0.0.1 and ::1, up or down. 0 or -errno. */
int link_loopback_set(int rtnl, bool up);

/* The jail's end of the pair of devices, in the namespace of rtnl, and its peer in the one that peer_ns (an fd) is: devices,
 * addresses, and routes that lead everything there. What nobody answers fails at once. 0 or -errno. */
int link_make_jail(int rtnl, int peer_ns, bool ipv6);

/* The gateway's end: every address there is, is this namespace's own ("AnyIP"), but for the jail's. 0 or -errno. */
int link_make_gateway(int rtnl, bool ipv6);

#endif
