/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of the payload's that make, change or remove names, performed for it, and refused where a protected name is meant. */
#ifndef AGENTJAIL_INIT_GUARD_H
#define AGENTJAIL_INIT_GUARD_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/guard_runs.h"
#include "init/known_sockets.h"
#include "init/observe.h"
#include "ipc/observed.h"
#include "lockdown/denials.h"

#define GUARD_WAITS 512 /* callers at a time that wait until what they open or connect to can be had; more get ENFILE */

enum { GUARD_BY_SOCKETS = OBSERVED_RULE_SOCKETS }; /* refused_by: no pattern, but that no grant names a socket */

struct guard_wait {
    struct seccomp_notif call;
    int64_t since_ms, next_ms; /* of CLOCK_MONOTONIC: when it was first served; when it is again */
};

struct guard {
    int listener; /* of the payload's second filter (lockdown/guard_filter.h); -1: nothing to serve */
    int proc;     /* /proc */
    int root;     /* / */
    char *const *patterns; /* base/name_pattern.h, up to NULL */
    mode_t umask;          /* what the payload began with */
    bool own_umasks;       /* somebody has set one since */
    struct guard_runs runs; /* which programs may be run */
    struct denials denials; /* calls that are answered with an error */
    struct guard_wait waits[GUARD_WAITS]; /* memory is touched as they come */
    size_t n_waits;
    int pidfd;           /* of the last thread whose descriptor was asked for, -1: none (guard_asker.c) */
    uint32_t pidfd_of;   /* its number */
    struct known_sockets sockets;
    uint32_t asked_last; /* thread */
    int turns;           /* how much askers have come in turns lately */
    bool sync;           /* who is woken runs in the place of who waits for it */
    int refused_by; /* of the patterns the one that the call in hand is refused by; -1: by none; GUARD_BY_SOCKETS */
    struct observe observe; /* what of it the monitor is told */
};

/* Before the payload's first step: patterns are those to be held, up to NULL; NULL: there are none, and nothing is done. 0 or
 * -errno. */
int guard_open(struct guard *g, char *const *patterns);

/* The listener arrives by channel, from the payload's last steps; once it runs. 0 or -errno. */
int guard_take_listener(struct guard *g, int channel);

/* Serve one call that waits: the listener is readable. */
void guard_serve(struct guard *g);

/* Try again those that could not be had at once. */
void guard_retry(struct guard *g);

/* Milliseconds until guard_retry() or observe_tick() is due, -1: never. */
int guard_interval(const struct guard *g);

/* The system calls that serving takes, for init's filter. */
extern const int guard_calls[];
extern const size_t n_guard_calls;

#endif
