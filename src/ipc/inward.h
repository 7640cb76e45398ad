/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections into the jail, to ports of it that are published on the host. Only who is in the jail's network can make one,
 * so the gateway asks init, over the pair that brought its listeners (ipc/listeners.h; where the jail has no network, over
 * the pair alone):
 *
 *   gateway  struct inward_request                 at any time
 *   init     struct socket_answer, and with error  once for each request, in order
 *            0 a TCP socket that connects to that
 *            port of 127.0.0.1 or [::1]
 *
 * Init makes them for ports that the policy publishes, or that the monitor has named since (MSG_PUBLISH), and no others. */
#ifndef AGENTJAIL_IPC_INWARD_H
#define AGENTJAIL_IPC_INWARD_H

#include <stdint.h>

#include "ipc/socket_answer.h"

struct inward_request {
    uint32_t number; /* the answer has it, too */
    uint16_t port;
    uint8_t ipv6;
    uint8_t pad;
};

#endif
