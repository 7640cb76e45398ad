/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/guard_runs.h"

#include <errno.h>
#include <sys/syscall.h>

#include "init/guard_asker.h"
#include "init/guard_calls.h"

bool guard_refuses_run(struct asker *a, struct answer *answer)
{
    int nr = a->call->data.nr;
    if (!a->guard->no_spawn || (nr != SYS_execve && nr != SYS_execveat))
        return false;
    *answer = (struct answer){ .how = ANSWER_VALUE, .value = -EACCES, .fd = -1 };
    observe_refused_run(&a->guard->observe, a, EACCES);
    return true;
}
