/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections to ports that were granted while the jail runs. The gateway was confined to the ports of its first rules, and
 * cannot be let out again; so whoever grants others (cli/change.c) starts a dialler, which is confined to just these, and hands
 * one end of a SOCK_SEQPACKET pair over to the gateway (through the monitor: CONTROL_GRANT, ORDER_DIALLER).
 *
 *   dialler  struct dialler_hello                  once, when it is confined
 *   gateway  struct dial_request                   at any time
 *   dialler  struct socket_answer, and with error  once for each request, in order
 *            0 a TCP socket that connects there
 *
 * The end of the one is the end of the other's channel: a dialler lives as long as the gateway has a use for it. */
#ifndef AGENTJAIL_IPC_DIALLER_H
#define AGENTJAIL_IPC_DIALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/socket_answer.h"

enum { DIALLER_RANGES_MAX = 64 };

/* TCP ports. */
struct dialler_ports {
    uint32_t n;
    struct dialler_range {
        uint16_t first, last;
    } range[DIALLER_RANGES_MAX];
};

struct dialler_hello {
    int32_t error; /* 0, or an errno: it could not be confined, by what */
    char what[60];
    struct dialler_ports ports;
};

struct dial_request {
    uint32_t number;
    uint16_t port;
    uint8_t version; /* 4 or 6 */
    uint8_t pad;
    uint8_t byte[16]; /* the address, in network order */
};

/* Is port one of these? */
static inline bool dialler_ports_have(const struct dialler_ports *ports, uint16_t port)
{
    for (size_t i = 0; i < ports->n && i < DIALLER_RANGES_MAX; i++)
        if (port >= ports->range[i].first && port <= ports->range[i].last)
            return true;
    return false;
}

#endif
