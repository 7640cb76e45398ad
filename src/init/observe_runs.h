/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that are run. An execve(2) goes back to the kernel, and nobody says what came of it: so it is kept until the program
 * calls set_tid_address(2), as libraries do once when a program begins. What the process runs then is what the kernel has
 * really loaded, whatever another thread had made of the path meanwhile. A program that never does so is told after a while.
 * Internal to this folder. */
#ifndef AGENTJAIL_INIT_OBSERVE_RUNS_H
#define AGENTJAIL_INIT_OBSERVE_RUNS_H

#include "init/observe_packet.h"

enum { RUNS_MAX = 16, RUNS_MS = 100 }; /* at a time; and for how long one is kept */

struct run_kept {
    uint32_t thread;           /* who called execve(2); 0: the place is free */
    int64_t until;             /* ms of CLOCK_MONOTONIC */
    char before[PATH_MAX];     /* the program that it ran then; "": not known */
    bool script;               /* what is to be run names its interpreter, which may be what ran before */
    struct packet packet;
};

struct runs {
    struct run_kept kept[RUNS_MAX];
    size_t n;
};

/* What is told is handed to this; context is that of the call. */
typedef void run_teller(void *context, const struct packet *k);

/* A process is about to run the program that packet tells of, without exe; kept is where it was put together, by
 * runs_place(), with script set. */
void runs_keep(struct runs *r, const struct asker *a, struct run_kept *kept);

/* Where to put the next one together: the oldest is told if there is no room. */
struct run_kept *runs_place(struct runs *r, const struct asker *a, run_teller *tell, void *context);

/* A program has begun, if the asker is one that was to. */
void runs_begun(struct runs *r, struct asker *a, run_teller *tell, void *context);

/* Tell those whose time is over; all: every one. */
void runs_tick(struct runs *r, const struct guard *g, bool all, run_teller *tell, void *context);

#endif
