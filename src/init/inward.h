/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init's part in connections into the jail (ipc/inward.h): it makes the sockets, since it is in the jail's network. */
#ifndef AGENTJAIL_INIT_INWARD_H
#define AGENTJAIL_INIT_INWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/policy.h"

enum { INWARD_PORTS_MAX = 256 };

struct inward {
    int channel; /* to the gateway; -1: there is none */
    uint16_t ports[INWARD_PORTS_MAX];
    size_t n;
};

/* Begin with the ports that the policy publishes. channel (-1: none) is taken over. */
void inward_init(struct inward *inward, int channel, const struct policy *policy);

/* A port may be connected to from now on. False: there are too many, or it is no port. */
bool inward_permit(struct inward *inward, int64_t port);

/* It may no more; nothing to do if it might not before. Connections that there are go on: the gateway ends them. */
void inward_forbid(struct inward *inward, int64_t port);

/* Serve one request. Who asks for what cannot be is not listened to any more; nothing here waits. */
void inward_serve(struct inward *inward);

#endif
