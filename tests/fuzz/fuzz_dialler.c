/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of what a gateway that was taken over asks of a dialler. Properties: a socket comes for the one granted port only,
 * each request has one answer or ends the channel, nobody waits, no descriptor is left. The port is 1, where nobody listens; of
 * addresses only the loopback's are let through, so that no packet leaves. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dialler/dialler.h"
#include "ipc/packet.h"
#include "packets.h"

enum { PORT = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct packets *p, const uint8_t *sent)
{
    struct dial_request q;
    struct socket_answer a;
    int fd;
    memcpy(&q, sent, sizeof(q)); /* what was taken had this size */
    if (packet_receive(p->far, &a, sizeof(a), &fd) < 0 || a.number != q.number || (a.error == 0) != (fd >= 0))
        abort();
    if ((q.port != PORT) != (a.error == EACCES))
        abort();
    if (fd >= 0)
        close(fd);
}

/* A granted port of an address that is not this host's own. */
static bool would_leave(const uint8_t *sent, size_t size)
{
    static const uint8_t loopback6[16] = { [15] = 1 };
    struct dial_request q;
    if (size < sizeof(q))
        return false;
    memcpy(&q, sent, sizeof(q));
    return q.port == PORT && (q.version == 4 ? q.byte[0] != 127 : memcmp(q.byte, loopback6, sizeof(loopback6)) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dialler_ports ports = { .n = 1, .range = { { PORT, PORT } } };
    struct packets p;
    bool goes_on = true;
    packets_begin(&p, data, size);
    for (size_t at = 0; goes_on && size - at > 2 && !would_leave(data + at + 2, size - at - 2) && packets_next(&p); at = p.at) {
        goes_on = dialler_serve(p.near, &ports);
        if (goes_on)
            check_answer(&p, data + at + 2);
    }
    close(p.near);
    close(p.far);
    return 0;
}
