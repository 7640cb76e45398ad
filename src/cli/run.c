/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a command line to a jail: resolve everything that the jail will be made from, then clone it and supervise. Nothing
 * of the command's runs until every part is there. */
#include "cli/run.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fence_switch.h"
#include "cli/explain.h"
#include "filter/filter.h"
#include "ipc/channel.h"
#include "jail/jail.h"
#include "lockdown/landlock.h"
#include "monitor/cgroup.h"
#include "monitor/environment.h"
#include "monitor/host_probe.h"
#include "monitor/label_probe.h"
#include "monitor/registry.h"
#include "monitor/signals.h"
#include "monitor/supervise.h"
#include "monitor/terminal.h"
#include "plan/resolve.h"
#include "profile/request.h"
#include "sys/syscalls.h"

/* Everything resolved for one run. */
struct run {
    const struct policy_request *request;
    struct policy policy;
    struct plan plan;
    struct filter_program filter;
    struct strv env;
    struct strv dropped; /* names of variables that were not passed on */
    struct cgroup cgroup;
    struct registry registry;
    enum label_kind label;
    int landlock_abi;
    char *directory; /* where the command starts */
    struct timespec begin;
};

static void run_free(struct run *run)
{
    cgroup_remove(&run->cgroup);
    registry_remove(&run->registry);
    filter_program_free(&run->filter);
    plan_free(&run->plan);
    strv_free(&run->env);
    strv_free(&run->dropped);
    free(run->directory);
    policy_free(&run->policy);
}

#define _cleanup_run_ _cleanup_(run_free)

static int refuse(const struct buf *why)
{
    fprintf(stderr, "agentjail: %s\n", why->data ? why->data : "out of memory");
    return 125;
}

static void step(const struct run *run, const char *what)
{
    if (!run->request->verbose)
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double ms = (double)(now.tv_sec - run->begin.tv_sec) * 1e3 + (double)(now.tv_nsec - run->begin.tv_nsec) / 1e6;
    fprintf(stderr, "agentjail: %7.3f ms  %s\n", ms, what);
}

static void print_list(const char *head, const struct strv *list)
{
    for (size_t i = 0; i < list->n; i++)
        fprintf(stderr, "%s%s", i ? ", " : head, list->v[i]);
    if (list->n)
        fputc('\n', stderr);
}

static void print_notes(const struct run *run)
{
    for (size_t i = 0; i < run->policy.notes.n && !run->policy.quiet; i++)
        fprintf(stderr, "agentjail: %s\n", run->policy.notes.v[i]);
    if (!run->request->verbose)
        return;
    print_list("agentjail: variables not passed on: ", &run->dropped);
    if (run->request->verbose > 1)
        print_list("agentjail: ", &run->plan.notes);
    else if (run->plan.notes.n)
        fprintf(stderr, "agentjail: %zu protected names do not exist yet and are not held (-vv or --explain names them)\n",
                run->plan.notes.n);
}

/* The profile's persistent home: the one directory that a run makes for itself. */
static int make_home(const struct policy *policy, struct buf *why)
{
    if (policy->home != HOME_PERSISTENT)
        return 0;
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s", policy->home_source) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    for (char *p = path + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        int r = -errno;
        buf_printf(why, "the profile's home %s cannot be made: %s; make room or rights for it, or write home = temporary",
                   path, strerror(-r));
        return r;
    }
    return 0;
}

/* Landlock: what the kernel has, or refuse when more was asked for. */
static int find_landlock(struct run *run, struct buf *why)
{
    const struct fence *f = &run->policy.landlock;
    if (!f->value)
        return 0;
    run->landlock_abi = landlock_abi();
    const char *lack = run->landlock_abi == 0 ? "this kernel has no Landlock"
                       : !landlock_has_files(run->landlock_abi) ? "this kernel's Landlock would refuse every rename"
                       : !landlock_has_scopes(run->landlock_abi) ? "this kernel's Landlock does not confine signals"
                       : run->policy.nested ? "with nested = allow it cannot confine files" : NULL;
    if (!lack || f->optional)
        return 0;
    if (f->origin.file && f->origin.line)
        buf_printf(why, "%s:%u: ", f->origin.file, f->origin.line);
    buf_printf(why, "landlock: %s; write landlock = -on (and strict = no) to do with what there is (--doctor shows it)",
               lack);
    return -EOPNOTSUPP;
}

static int load_filter(struct run *run, struct buf *why)
{
    const struct fence *f = &run->policy.filter;
    if (!f->value)
        return 0;
    char cache[PATH_MAX];
    const char *cache_dir = run->policy.cache_dir;
    if (cache_dir && snprintf(cache, sizeof(cache), "%s", cache_dir) >= (int)sizeof(cache))
        cache_dir = NULL;
    struct filter_request request = {
        .name = f->value,
        .directories = run->policy.filter_dirs,
        .nested = run->policy.nested,
        .cache_dir = cache_dir,
    };
    int r = filter_load(&request, &run->filter, why);
    if (r >= 0 && run->request->verbose && run->filter.cache_note)
        fprintf(stderr, "agentjail: filter cache: %s\n", run->filter.cache_note);
    return r;
}

/* Where the command starts: the current directory if a grant shows it, else the workspace, the home, the root. */
static int find_directory(struct run *run)
{
    _cleanup_free_ char *cwd = getcwd(NULL, 0);
    const struct policy *p = &run->policy;
    const struct op *best = NULL;

    for (size_t i = 0; cwd && i < run->plan.n; i++) {
        const struct op *op = &run->plan.ops[i];
        bool place = op->kind == OP_BIND || op->kind == OP_TMPFS || op->kind == OP_OVERLAY || op->kind == OP_MASK ||
                     op->kind == OP_PROC || op->kind == OP_DEV;
        if (place && path_within(cwd, op->target) && (!best || strlen(op->target) >= strlen(best->target)))
            best = op;
    }
    bool shown = best && (best->kind == OP_BIND || best->kind == OP_OVERLAY) && !(best->flags & OP_OWN);
    if (shown)
        run->directory = TAKE_PTR(cwd);
    else
        run->directory = strdup(p->workspace ? p->workspace : p->home_target ? p->home_target : "/");
    return run->directory ? 0 : -ENOMEM;
}

static int prepare(struct run *run, struct buf *why)
{
    int r = policy_load(run->request, &run->policy, why);
    if (r < 0)
        return r;
    step(run, "policy resolved");
    r = make_home(&run->policy, why);
    if (r >= 0)
        r = plan_from_policy(&run->policy, &run->plan, why);
    if (r < 0)
        return r;
    step(run, "plan made");
    r = find_landlock(run, why);
    if (r >= 0)
        r = load_filter(run, why);
    if (r < 0)
        return r;
    step(run, run->filter.cached ? "filter taken from the cache" : "filter compiled");
    r = environment_build(&run->policy, environ, &run->env, &run->dropped);
    if (r >= 0)
        r = find_directory(run);
    if (r >= 0)
        r = label_probe(&run->policy, &run->label, why);
    if (r >= 0)
        r = registry_name(&run->registry);
    if (r >= 0)
        r = cgroup_prepare(&run->policy, run->registry.id, &run->cgroup, why);
    if (r >= 0)
        step(run, "host prepared");
    return r;
}

static bool is_watched(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->ops[i].flags & OP_WATCHED)
            return true;
    return false;
}

static int explain_clone(int error, struct buf *why)
{
    const char *fix = NULL;
    enum host_userns state = host_userns(NULL);
    buf_printf(why, "the jail's namespaces cannot be made: %s", strerror(-error));
    if (state != USERNS_WORKS) {
        buf_printf(why, ": %s", host_userns_text(state));
        fix = host_userns_fix(state);
    }
    if (fix)
        buf_printf(why, "; %s", fix);
    buf_str(why, " (agentjail --doctor tells more)");
    return 125;
}

/* Clone the jail and serve it. The child is in jail_main() and does not come back. */
static int start(struct run *run, struct jail_start *with, struct supervise *s)
{
    _cleanup_buf_ struct buf why = { 0 };
    int r = channel_pair(&s->channel, &with->channel);
    if (r < 0) {
        buf_printf(&why, "no channel to the jail: %s", strerror(-r));
        return refuse(&why);
    }

    fflush(NULL);
    s->pid = sys_fork(jail_namespaces(), &s->pidfd);
    if (s->pid == 0)
        jail_main(with);
    close(with->channel);
    if (s->pid < 0) {
        explain_clone(s->pid, &why);
        return refuse(&why);
    }
    step(run, "jail's first process cloned");
    r = terminal_watch(s->terminal);
    if (r < 0)
        fprintf(stderr, "agentjail: the terminal will not be put back if agentjail is killed: %s\n", strerror(-r));
    return supervise(s);
}

/* Fds 0-2: which are terminals, and whether the others may be handed to the command. */
static int prepare_terminal(struct supervise *s, struct jail_start *with, struct buf *why)
{
    int r = fence_on(FENCE_PTY) ? terminal_probe(&s->terminal) : 0;
    if (r < 0) {
        buf_printf(why, "the terminal cannot be used: %s", strerror(-r));
        return r;
    }
    if (!s->terminal)
        return 0;
    terminal_replaces(s->terminal, with->terminal);
    with->background = terminal_background(s->terminal);
    with->wait_go = true;
    return 0;
}

static int run_prepared(struct run *run)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct signals signals = { .fd = -1 };
    struct jail_start with = {
        .policy = &run->policy,
        .plan = &run->plan,
        .filter = &run->filter,
        .argv = run->request->command,
        .env = run->env.v,
        .directory = run->directory,
        .watched = is_watched(&run->plan),
        .wait_go = run->cgroup.way != HOST_CGROUP_NONE,
        .landlock_abi = run->landlock_abi,
        .label = run->label,
        .uid = getuid(),
        .gid = getgid(),
    };
    struct supervise s = {
        .policy = &run->policy,
        .plan = &run->plan,
        .command = run->request->command[0],
        .cgroup = &run->cgroup,
        .registry = &run->registry,
        .signals = &signals,
        .channel = -1,
        .pidfd = -1,
    };

    if (prepare_terminal(&s, &with, &why) < 0)
        return refuse(&why);
    int r = signals_setup(&signals);
    if (r < 0) {
        buf_printf(&why, "signals cannot be taken: %s", strerror(-r));
        return refuse(&why);
    }
    with.mask = signals.original;
    int status = start(run, &with, &s);
    signals_end(&signals);
    return status;
}

int run_main(const struct policy_request *request)
{
    _cleanup_run_ struct run run = { .request = request, .cgroup = CGROUP_EMPTY, .registry = REGISTRY_EMPTY };
    _cleanup_buf_ struct buf why = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &run.begin);
    if (prepare(&run, &why) < 0)
        return refuse(&why);
    print_notes(&run);
    if (why.len && !run.policy.quiet) /* optional fences that are not to be had here */
        fprintf(stderr, "agentjail: %s\n", why.data);
    return run_prepared(&run);
}

/* What --dry-run and --explain need; nothing on the host is changed. */
static int resolve(struct run *run)
{
    _cleanup_buf_ struct buf why = { 0 };
    int r = policy_load(run->request, &run->policy, &why);
    if (r >= 0)
        r = plan_from_policy(&run->policy, &run->plan, &why);
    if (r < 0)
        return refuse(&why);
    return 0;
}

int run_dry_main(const struct policy_request *request)
{
    _cleanup_run_ struct run run = { .request = request, .cgroup = CGROUP_EMPTY, .registry = REGISTRY_EMPTY };
    _cleanup_buf_ struct buf text = { 0 };

    int status = resolve(&run);
    if (status != 0)
        return status;
    print_notes(&run);
    if (plan_print(&run.plan, &text) < 0)
        return refuse(&text);
    return fputs(text.data ? text.data : "", stdout) < 0 || fflush(stdout) != 0 ? 125 : 0;
}

int run_explain_main(const struct policy_request *request)
{
    _cleanup_run_ struct run run = { .request = request, .cgroup = CGROUP_EMPTY, .registry = REGISTRY_EMPTY };
    struct host_features host;

    int status = resolve(&run);
    if (status != 0)
        return status;
    host_probe(&host);
    return explain_print(&run.policy, &run.plan, &host, stdout) < 0 ? 125 : 0;
}
