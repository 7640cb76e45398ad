/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe_queue.h"

#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool observe_queue_add(struct queue *q, const struct packet *k)
{
    size_t len = sizeof(k->head) + k->len;
    if (q->n == OBSERVED_MANY || len > sizeof(q->bytes) - q->used)
        return false;
    memcpy(q->bytes + q->used, &k->head, sizeof(k->head));
    memcpy(q->bytes + q->used + sizeof(k->head), k->data, k->len);
    if (q->n == 0)
        q->since = now_ms();
    q->used += len;
    q->ends[q->n++] = q->used;
    return true;
}

int observe_queue_wait(const struct queue *q)
{
    if (q->n == 0)
        return -1;
    int64_t left = q->since + QUEUE_MS - now_ms();
    return left > 0 && left <= QUEUE_MS ? (int)left : 0;
}

/* The first n are gone. */
static void drop(struct queue *q, size_t n)
{
    size_t at = n ? q->ends[n - 1] : 0;
    memmove(q->bytes, q->bytes + at, q->used - at);
    for (size_t i = n; i < q->n; i++)
        q->ends[i - n] = q->ends[i] - at;
    q->used -= at;
    q->n -= n;
}

int observe_queue_send(struct queue *q, int channel)
{
    while (q->n) {
        struct iovec packets[OBSERVED_MANY];
        size_t at = 0;
        for (size_t i = 0; i < q->n; at = q->ends[i++])
            packets[i] = (struct iovec){ .iov_base = q->bytes + at, .iov_len = q->ends[i] - at };
        int r = observed_send_many(channel, packets, q->n);
        if (r < 0)
            return r;
        drop(q, (size_t)r);
    }
    return 0;
}
