/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which programs may be run ([exec] allow, deny), of those that the view lets be executed. */
#ifndef AGENTJAIL_PLAN_RUNS_H
#define AGENTJAIL_PLAN_RUNS_H

#include "plan/collect.h"

/* What the kernel is to load as code from a place. */
enum run_kind {
    RUN_NOTHING,
    RUN_LIBRARIES, /* by mmap(2), not by execve(2) */
    RUN_PROGRAMS,
};

/* Find the rules' programs on this host and add to c->list the places that each needs, a program's loader with it. Once the
 * grants of places are in it. Nothing without rules. 0, or -errno with a message in c->why. */
int runs_collect(struct collect *c);

/* What of a place at path, writable or not, that an exec grant covers, is left by the rules. */
enum run_kind runs_left(const struct entries *list, const char *path, bool writable);

#endif
