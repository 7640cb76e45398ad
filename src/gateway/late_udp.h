/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UDP ports that are granted while the jail runs: who grants them makes the sockets (ipc/late_udp.h). */
#ifndef AGENTJAIL_GATEWAY_LATE_UDP_H
#define AGENTJAIL_GATEWAY_LATE_UDP_H

#include <stdint.h>

#include "gateway/gateway.h"

enum { LATE_UDP_ANSWERS = 1 };

/* NULL without memory. */
struct late_udp *late_udp_new(struct gateway_process *gateway);

/* Ask at channel (taken over, also on failure) for sockets. LATE_UDP_ANSWERS: the order number is answered when they are heard,
 * or do not come; or -errno: -EBUSY while another one waits. */
int late_udp_start(struct late_udp *late, int channel, uint32_t number);

#endif
