/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the orders that a running gateway gets. An input is a list of: an order as it is in memory, a byte that says what
 * comes along (1: a policy blob, of two bytes of length and as many bytes; 2: a socket; else nothing). With an odd number the
 * order's size and the blob's own length are put right, so that what follows is reached. Properties: an order that is not
 * right changes nothing; no policy changes what is fixed at the start; no descriptor is left. */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packets.h"
/* carry_out(), to which orders_serve() adds only the end of the process. */
#include "gateway/orders.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gateway_process g;

static int blob_fd(const void *blob, size_t len)
{
    int fd = memfd_create("order", MFD_CLOEXEC);
    if (fd < 0 || write(fd, blob, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
        abort();
    return fd;
}

static void begin(void)
{
    struct buf blob = { 0 }, why = { 0 };
    int fds[2], jail[2];
    struct egress_policy first = { .upstream_host = "", .upstream_credentials = "", .upstream_exceptions = "" };
    if (egress_encode(&first, &blob) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, jail) < 0)
        abort();
    int fd = blob_fd(blob.data, blob.len);
    if (judge_load(&g.judge, fd, &why) < 0 || loop_init(&g.loop) < 0)
        abort();
    close(fd);
    buf_free(&blob);
    g.connections = connections_new(&g, 16);
    g.refusals = refusals_new(&g, fds[0]);
    g.udp = udp_new(&g);
    g.publishing = publish_new(&g, jail[0]);
    g.asks = asks_new(&g, fds[0]);
    g.openings = openings_new(&g, fds[0]);
    g.diallers = diallers_new(&g);
    g.late_udp = late_udp_new(&g);
    g.witness = -1;
    g.hears_all = true;
    if (!g.connections || !g.refusals || !g.udp || !g.publishing || !g.asks || !g.openings ||
        !g.diallers || !g.late_udp)
        abort();
}

/* The descriptor that comes along with an order, or -1; *at is moved past what it is made of. */
static int companion(struct gateway_order *o, const uint8_t *data, size_t size, size_t *at)
{
    uint8_t what = *at < size ? data[(*at)++] : 0, *blob;
    if (what == 2)
        return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (what != 1 || size - *at < 2)
        return -1;
    size_t len = data[*at] | (size_t)data[*at + 1] << 8;
    *at += 2;
    if (len > size - *at)
        len = size - *at;
    blob = malloc(len + 1);
    if (!blob)
        abort();
    memcpy(blob, data + *at, len);
    *at += len;
    if (o->number & 1) {
        o->size = (uint32_t)len;
        for (unsigned i = 0; len >= 12 && i < 4; i++)
            blob[8 + i] = (uint8_t)(len >> (8 * i));
    }
    int fd = blob_fd(blob, len);
    free(blob);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    uint16_t outside[64];
    size_t n = 0;
    if (!begun)
        begin();
    begun = true;
    for (size_t at = 0; size - at >= sizeof(struct gateway_order) && n < 64;) {
        struct gateway_order o;
        memcpy(&o, data + at, sizeof(o));
        at += sizeof(o);
        int fd = companion(&o, data, size, &at);
        void *before = g.judge.blob;
        int r = carry_out(&g, &o, &fd);
        if (o.kind == ORDER_PUBLISH)
            outside[n++] = o.outside;
        if (fd >= 0)
            close(fd);
        if ((r < 0 || o.kind != ORDER_POLICY) && g.judge.blob != before)
            abort();
        if (g.judge.policy.mode != g.judge.first.policy.mode || g.judge.policy.dns != g.judge.first.policy.dns)
            abort();
        if (r == -EBADMSG)
            break;
    }
    while (n > 0)
        publish_stop(g.publishing, outside[--n]);
    int next = dup(0); /* the lowest free one: it would climb if any was left */
    if (next > 100)
        abort();
    close(next);
    return 0;
}
