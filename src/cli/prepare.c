/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/prepare.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "cli/run_digests.h"
#include "cli/text.h"
#include "evidence/evidence.h"
#include "home/home.h"
#include "host/label_probe.h"
#include "lockdown/guard_filter.h"
#include "lockdown/landlock.h"
#include "microvm/find.h"
#include "monitor/ask.h"
#include "monitor/environment.h"
#include "monitor/say.h"
#include "plan/asked.h"
#include "plan/guarded.h"
#include "plan/resolve.h"
#include "profile/origin.h"
#include "profile/policy_load.h"
#include "sys/library.h"

void run_free(struct run *run)
{
    gateway_stop(&run->gateway);
    cgroup_remove(&run->cgroup);
    microvm_free(&run->microvm);
    registry_remove(&run->registry);
    git_copies_remove(&run->git);
    git_links_free(&run->git_links);
#ifdef AGENTJAIL_SANITIZED /* the process is about to end: only a leak checker wants the memory back piece by piece */
    filter_program_free(&run->filter);
    plan_free(&run->plan);
    strv_free(&run->env);
    strv_free(&run->dropped);
    free(run->directory);
    policy_free(&run->policy);
#endif
}

void run_say(const char *text)
{
    say(text, "");
}

int run_refuse(const struct buf *why)
{
    run_say(why->data ? why->data : "out of memory");
    return 125;
}

void run_note(const char *line)
{
    _cleanup_buf_ struct buf text = { 0 };
    fprintf(stderr, "agentjail: %s\n", text_line(&text, line) < 0 ? "out of memory" : text.data ? text.data : "");
}

void run_step(const struct run *run, const char *what)
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
    _cleanup_buf_ struct buf line = { 0 };
    for (size_t i = 0; i < list->n; i++)
        if (buf_printf(&line, "%s%s", i ? ", " : head, list->v[i]) < 0)
            return;
    if (list->n)
        run_say(line.data);
}

void run_print_notes(const struct run *run)
{
    for (size_t i = 0; i < run->policy.notes.n && !run->policy.quiet; i++)
        run_note(run->policy.notes.v[i]);
    if (!run->request->verbose)
        return;
    print_list("variables not passed on: ", &run->dropped);
    if (run->request->verbose > 1)
        print_list("", &run->plan.notes);
    else if (run->plan.notes.n)
        fprintf(stderr,
                "agentjail: %zu protected names do not exist yet and are not held (-vv or --explain names them)\n",
                run->plan.notes.n);
}

/* A list of programs is Landlock's to hold. */
static int find_run_list(const struct run *run, struct buf *why)
{
    const struct policy *p = &run->policy;
    const struct run_rule *first = NULL;
    for (size_t i = 0; i < p->n_run_rules && !first; i++)
        first = p->run_rules[i].deny ? NULL : &p->run_rules[i];
    const char *lack = p->nested ? "with nested = allow Landlock cannot hold a list of programs"
                       : !p->landlock.value ? "with landlock = off nothing holds a list of programs"
                       : landlock_has_files(run->landlock_abi)
                           ? NULL
                           : "this kernel has no Landlock that could hold a list of programs";
    if (!first || !lack)
        return 0;
    origin_print(why, &first->origin, origin_word(&first->origin, "allow", "exec-allow"));
    (void)buf_printf(why, "%s; leave the list out, or name what may not be run with %s", lack,
                     origin_word(&first->origin, "deny", "exec-deny"));
    return -EOPNOTSUPP;
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
    origin_print(why, &f->origin, "landlock");
    buf_printf(why, "%s (--doctor shows what it has)", lack);
    origin_advise(why, &f->origin, &f->required, "landlock", "on");
    return -EOPNOTSUPP;
}

/* "-microvm" does without one where this host lacks something for it. */
static int find_microvm(struct run *run, struct buf *why)
{
    struct policy *p = &run->policy;
    struct microvm_parts parts;
    if (!p->microvm || p->backend != BACKEND_MICROVM_OPTIONAL || p->strict)
        return 0;
    microvm_find(p->kernel, &parts);
    const char *lack = microvm_lack(&parts);
    p->microvm = !lack;
    return lack && !p->quiet ? buf_printf(why, "backend = -microvm: %s: the jail is made of namespaces", lack) : 0;
}

/* What is recorded of files and programs is what init sees when it serves their calls. */
static int find_observer(struct run *run, struct buf *why)
{
    const char *lack = run->policy.nested ? "with nested = allow a name means what the command makes of it"
                       : run->policy.microvm ? "with backend = microvm nobody sees files and programs yet" : guard_lack();
    if (!lack)
        return 0;
    if (run->policy.learn) {
        (void)buf_printf(why, "--learn: what the command uses cannot be seen here: %s", lack);
        return -EOPNOTSUPP;
    }
    origin_print(why, &run->policy.evidence_level_origin, "level");
    (void)buf_printf(why, "%s; write level = off in [evidence]", lack);
    return -EOPNOTSUPP;
}

/* The guard, where the plan has something for it: it needs a kernel that lets init serve calls, and a command whose names mean
 * what init's do. */
static int find_guard(struct run *run, struct buf *why)
{
    const struct fence *f = &run->policy.guard;
    bool asked = f->value && strcmp(f->value, "on") == 0;
    const char *lack = NULL;
    if (run->policy.nested && asked && !f->optional)
        lack = "with nested = allow a name means what the command makes of it";
    else if (run->plan.guarded.n || asked || guarded_sockets(&run->policy))
        lack = run->policy.microvm ? "with backend = microvm init makes no names and no connections for the command yet"
               : run->plan.guarded.n || guarded_sockets(&run->policy) ? guard_lack() : NULL;
    run->sockets = !lack && guarded_sockets(&run->policy);
    if (!lack)
        return 0;
    const struct grant *socket = guarded_may(&run->policy) ? guarded_socket(&run->policy) : NULL;
    if (socket) {
        origin_print(why, &socket->origin, origin_word(&socket->origin, "allow", "socket"));
        (void)buf_printf(why, "%s: %s, and init must keep the command from all other sockets; write guard = off in "
                              "[isolation] to do without", socket->path, lack);
        return -EOPNOTSUPP;
    }
    if (!run->plan.guard_needed && !run->policy.strict && (!asked || f->optional)) {
        strv_free(&run->plan.guarded);
        return run->policy.quiet ? 0 : buf_printf(why, "guard: %s: protected names that do not exist yet are not held", lack);
    }
    origin_print(why, &f->origin, "guard");
    buf_str(why, lack);
    if (run->plan.guard_needed)
        buf_str(why, "; it would have to hold a protected name that does not exist, or a pattern: write a '-' before it");
    if (asked)
        origin_advise(why, &f->origin, &f->required, "guard", "on");
    return -EOPNOTSUPP;
}

/* What may be run is held without init: that it tells of what is refused is done without where it cannot. */
static bool tells_runs(const struct run *run)
{
    const struct policy *p = &run->policy;
    if (!p->no_spawn && !p->n_run_rules)
        return false;
    return evidence_observes(p) != EVIDENCE_OFF || run->plan.guarded.n || (guarded_may(p) && !guard_lack());
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
    _cleanup_buf_ struct buf problem = { 0 };
    int r = filter_load(&request, &run->filter, &problem);
    if (r == -ENOENT)
        origin_print(why, &f->origin, "filter");
    if (r < 0)
        buf_str(why, problem.data ? problem.data : "");
    if (r >= 0 && run->request->verbose && run->filter.cache_note)
        fprintf(stderr, "agentjail: filter cache: %s\n", run->filter.cache_note);
    return r;
}

/* --chdir: as it is inside, from the current directory. */
static int take_directory(struct run *run, const char *cwd, const char *asked)
{
    _cleanup_buf_ struct buf path = { 0 };
    int r = *asked == '/' ? buf_str(&path, asked) : buf_printf(&path, "%s/%s", cwd ? cwd : "", asked);
    run->directory = r < 0 ? NULL : buf_take(&path);
    return run->directory ? 0 : -ENOMEM;
}

/* Where the command starts: the current directory if a grant shows it, else the workspace, the home, the root. */
static int find_directory(struct run *run)
{
    _cleanup_free_ char *cwd = getcwd(NULL, 0);
    const struct policy *p = &run->policy;
    const struct op *best = NULL;
    if (run->request->chdir)
        return take_directory(run, cwd, run->request->chdir);

    for (size_t i = 0; cwd && i < run->plan.n; i++) {
        const struct op *op = &run->plan.ops[i];
        bool place = op->kind == OP_BIND || op->kind == OP_TMPFS || op->kind == OP_OVERLAY || op->kind == OP_MASK ||
                     op->kind == OP_PROC || op->kind == OP_DEV;
        place = place || op->kind == OP_UNION;
        if (place && path_within(cwd, op->target) &&
            (!best || op->flags & OP_ASKED || strlen(op->target) >= strlen(best->target)))
            best = op;
    }
    bool shown = best && (best->kind == OP_BIND || best->kind == OP_OVERLAY) && !(best->flags & OP_OWN);
    bool elsewhere = shown && best->source && strcmp(best->source, best->target) != 0; /* another tree at that place */
    if (shown && !elsewhere)
        run->directory = TAKE_PTR(cwd);
    else
        run->directory = strdup(p->workspace ? p->workspace : p->home_target ? p->home_target : "/");
    return run->directory ? 0 : -ENOMEM;
}

/* First what may need libraries, as the program may then begin anew; then what lasts. */
int run_prepare(struct run *run, struct buf *why)
{
    int r = policy_load(run->request, &run->policy, why);
    if (r < 0)
        return r;
    run_step(run, "policy resolved");
    if (cgroup_wanted(&run->policy) || ask_needs_library(&run->policy))
        r = library_needed(why);
    if (r >= 0)
        r = find_landlock(run, why);
    if (r >= 0)
        r = find_run_list(run, why);
    if (r >= 0)
        r = find_microvm(run, why);
    if (r >= 0)
        r = load_filter(run, why);
    if (r >= 0)
        r = run_digests_check(&run->policy, why);
    if (r < 0)
        return r;
    run_step(run, run->filter.cached ? "filter taken from the cache" : "filter compiled");
    if (gateway_wanted(&run->policy)) {
        r = gateway_start(&run->policy, &run->gateway, &run->network, why);
        if (r < 0)
            return r;
        run_step(run, "gateway started");
    }
    r = registry_name(&run->registry);
    if (r >= 0)
        r = home_make(&run->policy, &run->home_lock, &run->policy.notes, why);
    if (r >= 0)
        r = git_copies_make(&run->policy, run->registry.id, &run->git, why);
    if (r >= 0)
        r = git_links_note(&run->policy, &run->git_links);
    if (r >= 0)
        r = plan_from_policy(&run->policy, run->request->verbose > 0, &run->plan, why);
    if (r < 0)
        return r;
    run_step(run, "plan made");
    r = run->policy.n_asked ? plan_asked_read(&run->plan, why) : 0;
    if (r < 0)
        return r;
    run->once = r > 0;
    r = find_guard(run, why);
    if (r >= 0 && evidence_observes(&run->policy) != EVIDENCE_OFF)
        r = find_observer(run, why);
    if (r < 0)
        return r;
    run->runs_told = tells_runs(run);
    r = environment_build(&run->policy, environ, &run->env, &run->dropped);
    if (r >= 0)
        r = find_directory(run);
    if (r >= 0)
        r = label_probe(&run->policy, &run->label, why);
    if (r >= 0)
        r = cgroup_prepare(&run->policy, run->registry.id, &run->cgroup, why);
    if (r >= 0)
        run_step(run, "host prepared");
    return r;
}
