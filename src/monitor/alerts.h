/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [alerts]: thresholds of what the gateway tells. Above one the record and the user are told, and the jail is frozen or ended
 * if that was asked for. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_ALERTS_H
#define AGENTJAIL_MONITOR_ALERTS_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/reached.h"

struct loop;

struct alerts {
    bool told[REACHED_MAX]; /* of the host that l->reached has there first */
    int64_t minute_at;      /* ms of CLOCK_MONOTONIC: when the minute began whose refusals are counted; 0: none has */
    uint64_t before;        /* refusals until then */
    uint64_t last;          /* refusals when it was last looked */
    int64_t denied_at;      /* when that was told last: once a minute is enough; 0: never */
};

/* The gateway has told of something it let through, or refused; l->reached and l->refused have it already. */
void alerts_reached(struct loop *l);

/* The same of what it has refused, or the guard (l->refused_names). */
void alerts_refused(struct loop *l);

#endif
