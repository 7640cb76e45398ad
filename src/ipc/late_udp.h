/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UDP ports that are granted while the jail runs. A socket that hears one can be made only from within the gateway's network
 * namespace, in which no process is, by who has power over it: not the gateway, not the monitor once it is confined, but
 * whoever owns the jail. So who grants such a port (cli/change.c) makes the sockets, and hands one end of a SOCK_SEQPACKET pair
 * over to the gateway (through the monitor: CONTROL_GRANT, ORDER_UDP).
 *
 *   gateway  struct late_udp_place, and with it a socket   once: it shows which namespace is meant
 *            of its namespace
 *   granter  a message of ipc/listeners.h                  once, or nothing: the end
 *
 * Then both close it. */
#ifndef AGENTJAIL_IPC_LATE_UDP_H
#define AGENTJAIL_IPC_LATE_UDP_H

#include <stdint.h>

struct late_udp_place {
    uint32_t ipv6; /* 1: the jail has it */
};

#endif
