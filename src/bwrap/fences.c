/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ceilings put on the command beside its options: a filter, Landlock, limits. They are found and carried out by the code
 * of any jail (filter/filter.h, lockdown/landlock.h, host/cgroup.h). */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "bwrap/monitor.h"
#include "filter/filter.h"
#include "lockdown/landlock.h"
#include "profile/origin.h"

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int find_filter(struct bwrap_run *run, const struct policy *p, struct buf *why)
{
    char cache[PATH_MAX];
    if (!p->filter.value)
        return 0;
    bool fits = p->cache_dir && snprintf(cache, sizeof(cache), "%s", p->cache_dir) < (int)sizeof(cache);
    struct filter_request request = {
        .name = p->filter.value,
        .directories = p->filter_dirs,
        .nested = p->nested,
        .cache_dir = fits ? cache : NULL,
    };
    _cleanup_buf_ struct buf problem = { 0 };
    int r = filter_load(&request, &run->filter, &problem);
    if (r == -ENOENT)
        origin_print(why, &p->filter.origin, "filter");
    if (r < 0)
        (void)buf_str(why, problem.data ? problem.data : "");
    run->enter.start.filter = &run->filter;
    return r;
}

static int find_landlock(struct bwrap_run *run, const struct policy *p, struct buf *why)
{
    const struct fence *f = &p->landlock;
    if (!f->value)
        return 0;
    int abi = landlock_abi();
    run->enter.start.landlock_abi = abi;
    const char *lack = NULL;
    if (!landlock_has_files(abi))
        lack = "this kernel's Landlock (agentjail --doctor) cannot confine files";
    else if (!landlock_has_scopes(abi))
        lack = "this kernel's Landlock (agentjail --doctor) does not confine signals";
    else if (p->nested)
        lack = "it cannot confine files where namespaces may be made: write --unshare-user --disable-userns";
    if (!lack || f->optional)
        return 0;
    origin_print(why, &f->origin, "landlock");
    return buf_str(why, lack) < 0 ? -ENOMEM : -EOPNOTSUPP;
}

static int find_limits(struct bwrap_run *run, const struct policy *p, struct buf *why)
{
    const struct bwrap_args *a = &run->args;
    const struct limit *of[] = { &p->time, &p->memory, &p->cpu, &p->processes };
    static const char *const keys[] = { "time", "memory", "cpu", "processes" };
    int r = registry_name(&run->registry);
    if (r >= 0)
        r = cgroup_prepare(p, run->registry.id, &run->cgroup, why);
    if (r < 0)
        return r;
    run->enter.limited = p->time.set || run->cgroup.way != HOST_CGROUP_NONE;
    if (p->time.set)
        run->end_at = now_ms() + (int64_t)p->time.value;
    if (!run->enter.limited || (a->switches & BWRAP_UNSHARE_PID && !(a->switches & BWRAP_AS_PID_1)))
        return 0;
    size_t i = 0;
    while (!of[i]->set)
        i++;
    origin_print(why, &of[i]->origin, keys[i]);
    return buf_str(why, "holds as long as process 1 lives: write --unshare-pid, and no --as-pid-1") < 0 ? -ENOMEM : -EPERM;
}

int bwrap_fences_find(struct bwrap_run *run, const struct policy *policy, struct buf *why)
{
    run->enter.start.policy = policy;
    int r = find_filter(run, policy, why);
    if (r >= 0)
        r = find_landlock(run, policy, why);
    return r < 0 ? r : find_limits(run, policy, why);
}

int bwrap_limits_attach(struct bwrap_run *run, struct buf *why)
{
    return run->enter.limited ? cgroup_attach(&run->cgroup, run->pid, why) : 0;
}

int bwrap_time_left(const struct bwrap_run *run)
{
    int64_t left = run->end_at ? run->end_at - now_ms() : -1;
    return !run->end_at ? -1 : left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}
