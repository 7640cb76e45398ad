/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the gateway's program starts with: the monitor executes itself anew under this name, with these descriptors. */
#ifndef AGENTJAIL_IPC_GATEWAY_FDS_H
#define AGENTJAIL_IPC_GATEWAY_FDS_H

#define GATEWAY_ARGV0 "agentjail-gateway"

enum {
    GATEWAY_FD_EVENTS = 3, /* to the monitor: ipc/gateway_event.h */
    GATEWAY_FD_POLICY,     /* a sealed memfd: ipc/egress.h */
    GATEWAY_FD_JAIL,       /* from the jail's set-up: ipc/listeners.h */
    GATEWAY_FDS_END,
};

#endif
