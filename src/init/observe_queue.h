/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events that need not be told at once: files that were opened to be read come by the thousand, and each that is sent by
 * itself wakes the monitor. They wait for a few milliseconds, or for whatever else is to be told. Internal to this folder. */
#ifndef AGENTJAIL_INIT_OBSERVE_QUEUE_H
#define AGENTJAIL_INIT_OBSERVE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/observe_packet.h"

enum { QUEUE_MS = 2, QUEUE_SIZE = 32768 };

struct queue {
    size_t n, used;
    size_t ends[OBSERVED_MANY];
    int64_t since; /* ms of CLOCK_MONOTONIC: when the first one came */
    _Alignas(struct observed) char bytes[QUEUE_SIZE];
};

/* One more. False: there is no room. */
bool observe_queue_add(struct queue *q, const struct packet *k);

/* Milliseconds until it is to be sent, -1: it is empty. */
int observe_queue_wait(const struct queue *q);

/* Send what the monitor takes; the rest stays. 0, or -errno: -EAGAIN when the monitor is behind. */
int observe_queue_send(struct queue *q, int channel);

/* Forget what is in it. */
static inline void observe_queue_clear(struct queue *q)
{
    q->n = q->used = 0;
}

#endif
