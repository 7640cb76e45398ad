/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets for UDP ports that are granted to a running jail (ipc/late_udp.h): whoever grants them makes them. */
#ifndef AGENTJAIL_JAIL_LATE_SOCKETS_H
#define AGENTJAIL_JAIL_LATE_SOCKETS_H

#include <sys/types.h>

#include "base/buf.h"
#include "ipc/dialler.h"

struct late_sockets {
    pid_t pid;   /* who makes them */
    int channel; /* for the gateway */
};

/* Start a process that makes them as soon as the gateway shows where. 0, or -errno with a line for people in why. */
int late_sockets_begin(const struct dialler_ports *ports, struct late_sockets *ret, struct buf *why);

/* The grant has come to r: wait for the process, which is released in any case. r; if it failed as there were no sockets, why
 * says the reason. */
int late_sockets_end(struct late_sockets *late, int r, struct buf *why);

#endif
