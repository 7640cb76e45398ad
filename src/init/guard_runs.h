/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that the payload may not run, where init is told of those that it runs. Mounts, Landlock and the filter of
 * lockdown/spawn_filter.h hold that, and say nothing: here it is found out why, to be told, and refused before they would. What
 * is not refused here goes on to them. Internal to this folder. */
#ifndef AGENTJAIL_INIT_GUARD_RUNS_H
#define AGENTJAIL_INIT_GUARD_RUNS_H

#include <stdbool.h>

struct answer;
struct asker;
struct jail_start;
struct plan;

struct guard_runs {
    bool none;   /* [exec] spawn = no */
    bool judged; /* there is more to it: */
    bool listed; /* [exec] allow, which Landlock holds by the plan's OP_MAP_ONLY */
    const struct plan *plan;
};

/* What is to be held in a jail. */
struct guard_runs guard_runs_of(const struct jail_start *start);

/* Is the call one that would run a program, and may it not be run? Then the answer is EACCES. It is told of with the answer. */
bool guard_refuses_run(struct asker *a, struct answer *answer);

/* Is the call one that would run a program? */
bool guard_is_run(const struct asker *a);

#endif
