/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/guard_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "base/path.h"
#include "base/program_head.h"
#include "init/guard_asker.h"
#include "init/guard_calls.h"
#include "init/guard_place.h"
#include "ipc/observed.h"
#include "ipc/start.h"
#include "lockdown/landlock.h"
#include "plan/plan.h"
#include "profile/policy.h"

enum { SCRIPTS_MAX = 5 }; /* the kernel's: a script for a script */

struct guard_runs guard_runs_of(const struct jail_start *start)
{
    return (struct guard_runs){ .none = start->policy->no_spawn && fence_on(FENCE_SPAWN),
                                .judged = start->runs_told,
                                .listed = start->programs_listed && landlock_holds_files(start),
                                .plan = start->plan };
}

bool guard_is_run(const struct asker *a)
{
    return a->call->data.nr == SYS_execve || a->call->data.nr == SYS_execveat;
}

/* The place that shows it, -1: none does. */
static int place_of(const struct plan *plan, const char *path)
{
    int best = -1;
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->ops[i];
        bool shows = op->kind == OP_BIND || op->kind == OP_OVERLAY || op->kind == OP_UNION || op->kind == OP_TMPFS;
        if (shows && op->target && path_within(path, op->target) &&
            (best < 0 || strlen(op->target) >= strlen(plan->ops[best].target)))
            best = (int)i;
    }
    return best;
}

/* Is it kept from being run, by its mount or by Landlock? Not where it is no program anyway, which has the same errno. */
static bool is_kept(const struct guard_runs *runs, const struct place *p, int *ret_rule)
{
    struct statfs fs;
    if (!S_ISREG(p->st.st_mode) || !(p->st.st_mode & 0111) || fstatfs(p->target, &fs) < 0)
        return false;
    int at = place_of(runs->plan, p->path);
    bool mapped = runs->listed && at >= 0 && runs->plan->ops[at].flags & OP_MAP_ONLY;
    *ret_rule = at >= 0 ? at : OBSERVED_BY_NOTHING;
    return fs.f_flags & ST_NOEXEC || mapped;
}

/* Who runs it, by its first line. False: nobody, or it cannot be read. */
static bool read_script(const struct guard *g, const struct place *p, struct program_head *ret)
{
    static char bytes[PROGRAM_HEAD_BYTES];
    char entry[32];
    if (!S_ISREG(p->st.st_mode))
        return false;
    snprintf(entry, sizeof(entry), "self/fd/%d", p->target);
    _cleanup_close_ int fd = openat(g->proc, entry, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);
    if (n < 2 || memcmp(bytes, "#!", 2) != 0)
        return false;
    program_head_parse(bytes, (size_t)n, ret);
    return ret->kind == PROGRAM_SCRIPT && ret->interpreter[0];
}

/* The same for what the call names, and for whatever a script is run by. Another thread may change the path before the kernel
 * takes it: then this was told of, and the kernel judges the other. */
static bool judge(struct asker *a)
{
    static struct program_head head;
    static char script[sizeof(((struct place *)0)->path)];
    struct guard *g = a->guard;
    struct place p _cleanup_place_;
    place_init(&p);
    int rule, r = observe_find_run(a, &p);
    for (int depth = 0; r == 0 && p.target >= 0 && depth < SCRIPTS_MAX; depth++) {
        if (is_kept(&g->runs, &p, &rule)) {
            observe_refused_run(&g->observe, a, &p, depth ? script : NULL, rule);
            return true;
        }
        if (!(p.st.st_mode & 0111) || !read_script(g, &p, &head))
            return false;
        if (depth == 0)
            memcpy(script, p.path, strlen(p.path) + 1);
        cleanup_place(&p);
        place_init(&p);
        r = guard_place_find_text(a, head.interpreter, &p);
    }
    return false;
}

/* Whatever the path: nothing of the payload's can change that meanwhile. */
static void refuse_all(struct asker *a)
{
    struct place p _cleanup_place_;
    place_init(&p);
    if (observe_find_run(a, &p) == 0 && p.target >= 0)
        observe_refused_run(&a->guard->observe, a, &p, NULL, OBSERVED_BY_SPAWN);
}

bool guard_refuses_run(struct asker *a, struct answer *answer)
{
    const struct guard_runs *runs = &a->guard->runs;
    if (!guard_is_run(a) || (!runs->none && !runs->judged))
        return false;
    if (runs->none)
        refuse_all(a);
    else if (!judge(a))
        return false;
    *answer = (struct answer){ .how = ANSWER_VALUE, .value = -EACCES, .fd = -1 };
    return true;
}
