/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor tells the gateway while it runs, over the pair of ipc/gateway_event.h, in packets (ipc/packet.h).
 *
 *   order            fields, descriptor                        answer, GATEWAY_DONE with the number and an error
 *   ORDER_PUBLISH    inside, outside; a listening TCP socket   once connections are taken
 *   ORDER_UNPUBLISH  outside                                   once its connections are closed
 *   ORDER_POLICY     size; a sealed memfd with a blob of       once every connection and name was judged by it anew
 *                    ipc/egress.h of that many bytes
 *
 * Orders may be sent before the gateway is ready: they wait. Anything else ends it. */
#ifndef AGENTJAIL_IPC_GATEWAY_ORDER_H
#define AGENTJAIL_IPC_GATEWAY_ORDER_H

#include <stdint.h>

enum gateway_order_kind {
    ORDER_PUBLISH = 1,
    ORDER_UNPUBLISH,
    ORDER_POLICY,
    ORDER_KINDS,
};

struct gateway_order {
    uint32_t kind;
    uint32_t number; /* 0: nobody waits for the answer */
    uint16_t inside, outside;
    uint32_t size;
};

#endif
