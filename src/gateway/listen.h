/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_GATEWAY_LISTEN_H
#define AGENTJAIL_GATEWAY_LISTEN_H

#include "gateway/gateway.h"
#include "ipc/listeners.h"

/* Serve the sockets in list (n of them, taken over). 0 or -errno. */
int listen_start(struct gateway_process *gateway, const struct listener *list, size_t n);

#endif
