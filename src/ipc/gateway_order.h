/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor tells the gateway while it runs, over the pair of ipc/gateway_event.h, in packets (ipc/packet.h).
 *
 *   order            fields, descriptor                        answer, GATEWAY_DONE with the number and an error
 *   ORDER_PUBLISH    inside, outside; a listening TCP socket   once connections are taken
 *   ORDER_UNPUBLISH  outside                                   once its connections are closed
 *   ORDER_POLICY     size; a sealed memfd with a blob of       once every connection and name was judged by it anew
 *                    ipc/egress.h of that many bytes
 *   ORDER_DIALLER    -; a dialler's channel (ipc/dialler.h),    once it is asked for ports that the gateway may not
 *                    before the policy that needs it          connect to
 *   ORDER_UDP        -; the channel of ipc/late_udp.h,        once it hears the ports that came by it, or none has
 *                    before the policy that needs it          come in time
 *   ORDER_ANSWER     question: the count of a GATEWAY_ASK;     none
 *                    verdict; seconds that it holds, 0: to
 *                    the end. Others than are waited for
 *                    mean nothing
 *   ORDER_OPENED     question: the count of a GATEWAY_OPEN;    none
 *                    verdict: enum open_result
 *
 * Orders may be sent before the gateway is ready: they wait. Anything else ends it. */
#ifndef AGENTJAIL_IPC_GATEWAY_ORDER_H
#define AGENTJAIL_IPC_GATEWAY_ORDER_H

#include <stdint.h>

enum gateway_order_kind {
    ORDER_PUBLISH = 1,
    ORDER_UNPUBLISH,
    ORDER_POLICY,
    ORDER_ANSWER,
    ORDER_OPENED,
    ORDER_DIALLER,
    ORDER_UDP,
    ORDER_KINDS,
};

enum gateway_answer {
    ANSWER_DENY = 1,
    ANSWER_NONE,  /* deny it: nobody has said anything */
    ANSWER_ALLOW,
    ANSWER_NEVER, /* deny it, and whatever else would be asked about */
    ANSWER_OVER,  /* the rules speak of it now: forget the question */
    GATEWAY_ANSWERS,
};

struct gateway_order {
    uint32_t kind;
    uint32_t number; /* 0: nobody waits for the answer */
    uint16_t inside, outside;
    uint32_t size;
    uint32_t question;
    uint16_t verdict, seconds;
};

#endif
