/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of what a gateway that was taken over tells the monitor. Properties: texts end, numbers are in range, an address for
 * the browser comes with its own kind of event only; what is refused leaves the event alone. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc/gateway_event.h"
#include "packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct gateway_event *e, const struct gateway_url *url)
{
    if (e->kind == 0 || e->kind >= GATEWAY_EVENT_KINDS || e->protocol >= GATEWAY_PROTOCOLS || e->reason >= REFUSED_REASONS ||
        e->class >= N_IP_CLASSES || (e->address.version && e->address.version != 4 && e->address.version != 6))
        abort();
    if (!memchr(e->name, '\0', sizeof(e->name)) || !memchr(e->text, '\0', sizeof(e->text)))
        abort();
    if ((e->kind == GATEWAY_OPEN) != (url->len > 0) || url->len > WEB_URL_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gateway_url url;
    struct packets p;
    packets_begin(&p, data, size);
    while (packets_next(&p)) {
        struct gateway_event e;
        memset(&e, 0x5a, sizeof(e));
        int r = gateway_event_receive(p.near, &e, &url);
        if (r == 0)
            check(&e, &url);
        else if (r != -EBADMSG && r != -EPIPE)
            abort();
        else if (e.kind != 0x5a)
            abort();
    }
    close(p.near);
    close(p.far);
    return 0;
}
