/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of what a gateway that was taken over asks of init. Properties: a socket comes for the one published port only, each
 * request has one answer or ends the channel, nobody waits, no descriptor is left. The port is 1, where nobody listens. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "init/inward.h"
#include "ipc/inward.h"
#include "ipc/packet.h"
#include "packets.h"

enum { PORT = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct packets *p, const uint8_t *sent)
{
    struct inward_request q;
    struct socket_answer a;
    int fd;
    memcpy(&q, sent, sizeof(q)); /* what was taken had this size */
    if (packet_receive(p->far, &a, sizeof(a), &fd) < 0 || a.number != q.number || (a.error == 0) != (fd >= 0))
        abort();
    if (a.error == 0 && q.port != PORT)
        abort();
    if (q.port != PORT && a.error != EACCES)
        abort();
    if (fd >= 0)
        close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packets p;
    packets_begin(&p, data, size);
    struct inward inward = { .channel = p.near, .ports = { PORT }, .n = 1 };
    for (size_t at = 0; inward.channel >= 0 && packets_next(&p); at = p.at) {
        inward_serve(&inward);
        if (inward.channel >= 0)
            check_answer(&p, data + at + 2);
    }
    if (inward.channel >= 0)
        close(inward.channel);
    close(p.far);
    return 0;
}
