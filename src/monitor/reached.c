/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/reached.h"

#include <stdlib.h>
#include <string.h>

static bool same(const struct gateway_event *a, const struct gateway_event *b)
{
    return a->protocol == b->protocol && a->port == b->port && a->reason == b->reason && ip_equal(&a->address, &b->address) &&
           strcmp(a->name, b->name) == 0;
}

bool reached_add(struct reached *r, const struct gateway_event *event)
{
    if (!r->list)
        r->list = calloc(REACHED_MAX, sizeof(*r->list));
    for (size_t i = 0; r->list && i <= r->n && i < REACHED_MAX; i++) {
        if (i < r->n && !same(&r->list[i], event))
            continue;
        bool first = i == r->n;
        r->n += first;
        r->list[i] = *event;
        return first;
    }
    return false;
}

const char *reached_protocol(const struct gateway_event *e)
{
    static const char *const names[GATEWAY_PROTOCOLS] = {
        [GATEWAY_TCP] = "tcp",   [GATEWAY_UDP] = "udp", [GATEWAY_TLS] = "tls",
        [GATEWAY_HTTP] = "http", [GATEWAY_DNS] = "dns", [GATEWAY_PUBLISHED] = "published",
    };
    return names[e->protocol];
}

const char *reached_host(const struct gateway_event *e, char *text)
{
    if (*e->name)
        return e->name;
    if (e->protocol == GATEWAY_PUBLISHED)
        return "127.0.0.1";
    if (!e->address.version)
        return "others";
    return ip_format(&e->address, text);
}

int reached_print(const struct reached *reached, struct buf *out)
{
    int r = 0;
    for (size_t i = 0; i < reached->n && r >= 0; i++) {
        const struct gateway_event *e = &reached->list[i];
        char text[GATEWAY_NAME_SIZE];
        r = buf_printf(out, "%s: %s %s:%u (%u connections, %llu bytes out, %llu in)\n",
                       e->protocol == GATEWAY_PUBLISHED ? "was reached at" : "reached", reached_protocol(e),
                       reached_host(e, text), e->port, e->count, (unsigned long long)e->sent,
                       (unsigned long long)e->received);
    }
    return r;
}

void reached_free(struct reached *reached)
{
    free(reached->list);
    *reached = (struct reached){ 0 };
}
