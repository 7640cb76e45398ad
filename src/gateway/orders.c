/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: readv exit_group */
#include "gateway/orders.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gateway/ask.h"
#include "gateway/connection.h"
#include "gateway/diallers.h"
#include "gateway/late_udp.h"
#include "gateway/opener.h"
#include "gateway/publish.h"
#include "gateway/refusals.h"
#include "gateway/resolve.h"
#include "gateway/udp.h"
#include "ipc/gateway_order.h"
#include "ipc/packet.h"

/* All of a sealed memfd. */
static void *read_all(int fd, size_t size)
{
    if (fd < 0 || size > EGRESS_BLOB_MAX)
        return NULL;
    char *blob = malloc(size + 1);
    for (size_t at = 0; blob && at < size;) {
        struct iovec part = { .iov_base = blob + at, .iov_len = size - at };
        ssize_t n = readv(fd, &part, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            free(blob);
            return NULL;
        }
        at += (size_t)n;
    }
    return blob;
}

void orders_note_hosts(struct gateway_process *g)
{
    const char *name;
    struct ip ip;
    for (size_t at = 0; g->resolver && resolver_next_host(g->resolver, &at, &name, &ip);)
        judge_note(&g->judge, name, &ip);
}

/* Everything that was decided by the old policy is decided again before that one goes. */
static int change_policy(struct gateway_process *g, int fd, size_t size)
{
    struct judge_policy old;
    void *blob = read_all(fd, size);
    int r = blob ? judge_replace(&g->judge, blob, size, &old) : -EBADMSG;
    if (r < 0) {
        free(blob);
        return r;
    }
    refusals_begin_anew(g->refusals);
    connections_judge(g->connections);
    ask_again(g->asks);
    udp_judge(g->udp);
    diallers_judge(g->diallers);
    orders_note_hosts(g);
    judge_release(&g->judge, &old);
    return 0;
}

static int carry_out(struct gateway_process *g, const struct gateway_order *o, int *fd)
{
    switch (o->kind) {
    case ORDER_PUBLISH:
        return *fd < 0 || !o->inside ? -EBADMSG : publish_start(g->publishing, o->inside, o->outside, TAKE_FD(*fd));
    case ORDER_UNPUBLISH:
        return publish_stop(g->publishing, o->outside);
    case ORDER_ANSWER:
        return ask_answered(g->asks, o);
    case ORDER_OPENED:
        return opener_answered(g->openings, o);
    case ORDER_DIALLER:
        return *fd < 0 ? -EBADMSG : diallers_add(g->diallers, TAKE_FD(*fd));
    case ORDER_UDP:
        return *fd < 0 || !o->number ? -EBADMSG : late_udp_start(g->late_udp, TAKE_FD(*fd), o->number);
    case ORDER_POLICY:
        return change_policy(g, *fd, o->size);
    default:
        return -EBADMSG;
    }
}

void orders_serve(struct gateway_process *gateway, int channel)
{
    for (;;) {
        struct gateway_order o;
        _cleanup_close_ int fd = -1;
        int r = packet_receive(channel, &o, sizeof(o), &fd);
        if (r == -EAGAIN)
            return;
        if (r < 0) {
            refusals_flush(gateway->refusals);
            close(channel); /* the monitor reads to its end: it need not wait while the kernel takes us down */
            _exit(0);
        }
        r = carry_out(gateway, &o, &fd);
        if (r == -EBADMSG)
            _exit(125);
        if (o.number && r != LATE_UDP_ANSWERS)
            refusals_done(gateway->refusals, o.number, -r);
    }
}
