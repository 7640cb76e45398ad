/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way from the jail to its gateway: a second network namespace, joined to the jail's, and the sockets in both that the
 * gateway listens on. Made beside the jail's mounts, by the helper thread. */
#ifndef AGENTJAIL_JAIL_NETWORK_H
#define AGENTJAIL_JAIL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/listeners.h"
#include "ipc/start.h"

/* What there is to do, and what came of it. */
struct network_job {
    const struct network_wish *wish; /* part of struct jail_start */
    int jail_ns; /* the jail's network namespace */
    int channel; /* to the gateway */
    int sysctls; /* /proc/sys, or -1; closed when done */
    int error;   /* 0, or -errno */
    const char *what; /* failed */
};

/* In a thread of its own: make the gateway's namespace, join it to the jail's, pass listeners to the gateway. Afterwards that
 * namespace lives on in the listeners only: with the gateway's end it goes, and the jail's packets lead nowhere. */
void network_join_gateway(struct network_job *job);

/* A socket in the caller's network namespace that hears a UDP port at any address, as the gateway takes them; the fd is the
 * caller's. 0 or -errno. */
int network_udp_socket(bool ipv6, uint16_t port, struct listener *ret_listener);

#endif
