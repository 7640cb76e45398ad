/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe_refusals.h"

#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Of a program that was to be run its words and directory do not count. */
static size_t key_len(const struct packet *k)
{
    return k->head.kind == OBSERVED_UNRUN ? k->head.lengths[OBSERVED_PATH] : k->len;
}

static bool is_same(const struct refusal *r, const struct packet *k)
{
    const struct observed *a = &r->head, *b = &k->head;
    if (a->kind != b->kind || a->call != b->call || a->rule != b->rule || r->len != key_len(k) ||
        memcmp(r->texts, k->data, r->len) != 0)
        return false;
    if (b->kind == OBSERVED_DENIED)
        return a->mode == b->mode && a->flags == b->flags && a->error == b->error;
    return b->kind == OBSERVED_UNRUN || memcmp(a->lengths, b->lengths, sizeof(a->lengths)) == 0;
}

static void note_change(struct refusals *r)
{
    if (!r->untold)
        r->told_at = now_ms();
    r->untold = true;
}

/* One that could not be told is not kept: the next one like it is tried again. */
static void keep(struct refusals *r, int channel, struct packet *k)
{
    struct refusal *one = &r->kept[r->n];
    size_t len = key_len(k);
    k->head.number = r->n;
    if (len > sizeof(one->texts) || observed_send(channel, &k->head, k->data) < 0) {
        r->unkept++;
        note_change(r);
        return;
    }
    one->head = k->head;
    one->count = one->told = 1;
    one->len = len;
    memcpy(one->texts, k->data, len);
    r->n_denied += k->head.kind == OBSERVED_DENIED;
    r->n++;
}

void observe_refusals_add(struct refusals *r, int channel, struct packet *k)
{
    for (uint32_t i = 0; i < r->n; i++) {
        if (!is_same(&r->kept[i], k))
            continue;
        r->kept[i].count += r->kept[i].count < UINT32_MAX;
        note_change(r);
        return;
    }
    if (r->n < OBSERVED_REFUSALS_MAX && (k->head.kind != OBSERVED_DENIED || r->n_denied < OBSERVED_DENIED_MAX)) {
        keep(r, channel, k);
        return;
    }
    r->unkept += r->unkept < UINT32_MAX;
    note_change(r);
}

int observe_refusals_interval(const struct refusals *r)
{
    return r->untold ? REFUSALS_MS : -1;
}

static int tell_number(int channel, enum observed_kind kind, uint32_t number, uint32_t count, uint32_t flags)
{
    static struct packet k;
    packet_begin(&k, NULL, kind);
    k.head.number = number;
    k.head.count = count;
    k.head.flags = flags;
    return observed_send(channel, &k.head, k.data);
}

void observe_refusals_tick(struct refusals *r, int channel, bool all)
{
    if (!r->untold || (!all && now_ms() - r->told_at < REFUSALS_MS))
        return;
    r->told_at = now_ms();
    for (uint32_t i = 0; i < r->n; i++) {
        struct refusal *one = &r->kept[i];
        if (one->told == one->count)
            continue;
        if (tell_number(channel, OBSERVED_REPEATED, i, one->count, 0) < 0)
            return; /* the monitor is behind: next time */
        one->told = one->count;
    }
    if (r->unkept) {
        if (tell_number(channel, OBSERVED_UNKEPT, 0, 0, r->unkept) < 0)
            return;
        r->unkept = 0;
    }
    r->untold = false;
}
