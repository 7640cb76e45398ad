/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that the payload may not run, where init is told of those that it runs. Internal to this folder. */
#ifndef AGENTJAIL_INIT_GUARD_RUNS_H
#define AGENTJAIL_INIT_GUARD_RUNS_H

#include <stdbool.h>

struct answer;
struct asker;

/* Is the call one that would run a program, and may none be run ([exec] spawn = no)? Then the answer is EACCES, whatever the
 * path: nothing of the payload's can change that meanwhile. It is told of with the answer. */
bool guard_refuses_run(struct asker *a, struct answer *answer);

#endif
