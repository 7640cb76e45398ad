/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fuzzer's input as what a peer sends over a SOCK_SEQPACKET pair, packet by packet: two bytes of length (little-endian), then
 * as many bytes as are there. */
#ifndef AGENTJAIL_TESTS_FUZZ_PACKETS_H
#define AGENTJAIL_TESTS_FUZZ_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

struct packets {
    const uint8_t *data;
    size_t size, at;
    int near, far; /* who is tested has near */
};

static inline void packets_begin(struct packets *p, const uint8_t *data, size_t size)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        abort();
    *p = (struct packets){ .data = data, .size = size, .near = fds[0], .far = fds[1] };
}

/* Send the next one; false: there is none, or nobody takes it. */
static inline bool packets_next(struct packets *p)
{
    if (p->size - p->at < 2)
        return false;
    size_t len = p->data[p->at] | (size_t)p->data[p->at + 1] << 8;
    p->at += 2;
    if (len > p->size - p->at)
        len = p->size - p->at;
    ssize_t n = send(p->far, p->data + p->at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    p->at += len;
    return n >= 0;
}

#endif
