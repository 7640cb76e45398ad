/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was refused, at every level of evidence: each thing is told once, when it is refused for the first time, and then how
 * often, once a second and at the end. Two refusals are of one thing if call, rule, program and names are the same, or of a
 * program that was to be run its name, or of a denied call what it is denied by. Whatever the payload tries, this neither
 * grows nor waits for the monitor. Internal to this folder. */
#ifndef AGENTJAIL_INIT_OBSERVE_REFUSALS_H
#define AGENTJAIL_INIT_OBSERVE_REFUSALS_H

#include "init/observe_packet.h"

enum { REFUSALS_MS = 1000 };

struct refusal {
    struct observed head; /* as it was told */
    uint32_t count, told; /* told: the count that the monitor has */
    size_t len;           /* of what tells it from others in texts */
    char texts[3 * OBSERVED_NAME_MAX];
};

struct refusals {
    struct refusal kept[OBSERVED_REFUSALS_MAX]; /* memory is touched as they come */
    uint32_t n, n_denied; /* of them DENIED */
    uint32_t unkept; /* refusals that found no room, and are not told yet */
    bool untold;     /* a count, or those */
    int64_t told_at; /* ms of CLOCK_MONOTONIC */
};

/* A call was refused: k is an OBSERVED_REFUSED, _DENIED or _UNRUN of it, to be told by channel if it is the first of its kind.
 */
void observe_refusals_add(struct refusals *r, int channel, struct packet *k);

/* Milliseconds until observe_refusals_tick() is due, -1: never. */
int observe_refusals_interval(const struct refusals *r);

/* Tell counts that have changed, if it is time. all: in any case. */
void observe_refusals_tick(struct refusals *r, int channel, bool all);

#endif
