/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain_holds.h"

#include "lockdown/guard_filter.h"
#include "microvm/find.h"
#include "plan/guarded.h"
#include "profile/option.h"
#include "profile/upstream.h"

static void miss_microvm(struct explain *e)
{
    struct microvm_parts parts;
    microvm_find(e->policy->kernel, &parts);
    const char *lack = microvm_lack(&parts);
    bool falls_back = e->policy->backend == BACKEND_MICROVM_OPTIONAL && !e->policy->strict;
    if (lack)
        MISSING(e, "microVM: %s: %s\n", lack, falls_back ? "the jail is made of namespaces" : "the command will not run");
}

static void hold_backend(struct explain *e)
{
    HELD(e, "user (two), mount, pid, ipc, uts, cgroup namespaces");
    if (e->policy->microvm) {
        HELD(e, "; in them an emulated machine (QEMU) with a kernel of its own, whose files come from virtiofsd");
        miss_microvm(e);
    } else if (e->policy->backend == BACKEND_MICROVM_OPTIONAL) {
        MISSING(e, "microVM: there is none; the kernel is shared, as with backend = namespace\n");
    }
    if (e->host && e->host->userns != USERNS_WORKS) {
        const char *fix = host_userns_fix(e->host->userns);
        MISSING(e, "namespaces: %s: no jail here%s%s\n", host_userns_text(e->host->userns),
                fix ? "; mend it with: " : "", fix ? fix : "");
    }
}

static void hold_network(struct explain *e)
{
    if (e->policy->network == NETWORK_NONE)
        HELD(e, "an empty network namespace");
    else if (e->policy->network == NETWORK_FILTERED && e->policy->unknown == UNKNOWN_ASK)
        HELD(e, "the gateway: what the rules allow, and what you allow when asked");
    else if (e->policy->network == NETWORK_FILTERED)
        HELD(e, e->policy->n_net_allow ? "the gateway: only what the rules allow" : "the gateway: no rule, nothing allowed");
    else if (e->policy->network == NETWORK_OPEN)
        HELD(e, "the gateway: all public addresses");
    else
        HELD(e, "NOTHING: every address and port that this host reaches, and its local services");
}

/* A gateway is what holds the rules; only these two modes have one. */
static bool has_gateway(const struct policy *p)
{
    return p->network == NETWORK_FILTERED || p->network == NETWORK_OPEN;
}

static void hold_dns(struct explain *e)
{
    if (has_gateway(e->policy))
        HELD(e, e->policy->dns == DNS_SYNTHETIC ? "the gateway: each name has an address of its own"
                                                : "the gateway: a connection counts for all names of its address");
}

static void hold_unknown(struct explain *e)
{
    if (e->policy->network == NETWORK_FILTERED)
        HELD(e, e->policy->unknown == UNKNOWN_ASK ? "you are asked on the terminal, else by a notification; no answer is no"
                                                  : "the gateway: such names do not exist");
}

static void hold_upstream(struct explain *e)
{
    const struct upstream *u = &e->policy->upstream;
    _cleanup_buf_ struct buf text = { 0 };
    int r = upstream_format(u, &text);
    if (r < 0)
        e->result = r;
    else if (u->from_env)
        HELD(e, "%s%s%s", text.data ? text.data : "no proxy in the environment", u->exceptions ? ", but not for " : "",
             u->exceptions ? u->exceptions : "");
}

static void hold_loopback(struct explain *e)
{
    const struct policy *p = e->policy;
    if (p->network != NETWORK_NONE || p->loopback)
        return;
    HELD(e, "Landlock: no TCP at all");
    if (p->landlock.value && e->host && e->host->landlock_abi >= 2 && e->host->landlock_abi < 4)
        MISSING(e, "Landlock ABI 4 for loopback = no: TCP on the jail's own 127.0.0.1 works\n");
}

static void hold_filter(struct explain *e)
{
    HELD(e, "seccomp");
    if (e->host && !(e->host->seccomp & HOST_SECCOMP_ERRNO))
        MISSING(e, "seccomp: this kernel or container has no system call filters\n");
}

static void hold_landlock(struct explain *e)
{
    const struct host_features *h = e->host;
    if (!e->policy->landlock.value) {
        HELD(e, "switched off");
        return;
    }
    if (!h) {
        HELD(e, "Landlock");
        return;
    }
    if (h->landlock_abi < 2) {
        HELD(e, "nothing here");
        MISSING(e, "Landlock: %s; the mounts and the filter hold alone\n",
                h->landlock_abi        ? "this kernel's would refuse every rename between directories"
                : h->landlock_disabled ? "switched off at boot (lsm=)"
                                       : "this kernel has none");
        return;
    }
    HELD(e, "Landlock, ABI %d", h->landlock_abi);
    for (int abi = h->landlock_abi + 1; host_landlock_text(abi) && abi <= 6; abi++)
        MISSING(e, "Landlock ABI %d: %s\n", abi, host_landlock_text(abi));
    if (e->policy->nested)
        MISSING(e, "Landlock for files: cannot be had with nested = allow\n");
}

static void hold_label(struct explain *e)
{
    const struct host_features *h = e->host;
    if (!e->policy->label.value)
        return;
    if (!h || h->apparmor || h->selinux) {
        HELD(e, "%s", h && h->selinux ? "SELinux" : h ? "AppArmor" : "the security module");
        return;
    }
    HELD(e, "nothing here");
    MISSING(e, "label: this kernel runs neither AppArmor nor SELinux\n");
}

static void hold_nested(struct explain *e)
{
    HELD(e, e->policy->nested ? "NOTHING between it and the kernel's namespace and mount code"
                              : "seccomp and the second user namespace");
}

/* This host has no guard: what becomes of that? */
static void miss_guard(struct explain *e, bool needed, const char *without)
{
    const struct policy *p = e->policy;
    const char *lack = e->host ? guard_lack() : NULL;
    if (lack)
        MISSING(e, "guard: %s: %s\n", lack,
                needed || p->strict || (p->guard.value && !p->guard.optional) ? "the command will not run" : without);
}

static void hold_guard(struct explain *e)
{
    const struct policy *p = e->policy;
    size_t n = 0, needed = 0;
    for (size_t i = 0; i < p->n_grants; i++) {
        bool held = guarded_holds(p, &p->grants[i]);
        n += held;
        needed += held && !p->grants[i].optional;
    }
    if (p->nested) {
        HELD(e, "nothing: with nested = allow names mean what the command makes of them");
    } else if (!guarded_may(p)) {
        HELD(e, "switched off");
    } else if (!n && guarded_sockets(p)) {
        HELD(e, "init connects sockets for the command: to granted ones, and its own");
        miss_guard(e, guarded_socket(p), "it can connect to every socket that it sees");
    } else if (!n) {
        HELD(e, "not needed: no protected name is for it to hold");
    } else {
        HELD(e, "init makes and changes names for the command: %zu protected ones held so", n);
        miss_guard(e, needed || guarded_socket(p), "names that do not exist yet are not held");
    }
}

static void hold_terminal(struct explain *e)
{
    HELD(e, e->policy->terminal == TERMINAL_SAFE ? "a terminal of its own, output filtered"
                                                 : "a terminal of its own, output NOT filtered");
}

static void hold_strict(struct explain *e)
{
    HELD(e, e->policy->strict ? "it does not run where a fence is missing" : "fences with '-' may be missing");
}

static void hold_spawn(struct explain *e)
{
    if (e->policy->no_spawn)
        HELD(e, "seccomp: the command alone is run; it may fork, and load code of its own");
}

static void hold_home(struct explain *e)
{
    const struct policy *p = e->policy;
    if (p->home == HOME_PERSISTENT)
        HELD(e, "%s, kept in %s", p->home_target, p->home_source);
    else
        HELD(e, "%s, %s", p->home_target, p->home == HOME_NONE ? "empty and read-only" : "empty, gone at the end");
}

static void hold_workspace(struct explain *e)
{
    const struct policy *p = e->policy;
    if (p->workspace_note)
        HELD(e, "%s", p->workspace_note);
    else if (p->workspace_default)
        HELD(e, "found around the current directory");
}

/* A limit that only a control group holds. */
static void hold_in_cgroup(struct explain *e, const struct limit *limit, unsigned controller, const char *name)
{
    static const char *const ways[] = {
        [HOST_CGROUP_NONE] = "nothing here",
        [HOST_CGROUP_DELEGATED] = "a delegated control group",
        [HOST_CGROUP_SCOPE] = "a scope of systemd",
    };
    if (!limit->set)
        return;
    bool there = !e->host || (e->host->cgroup_way != HOST_CGROUP_NONE && (e->host->controllers & controller));
    if (!e->host)
        HELD(e, "a control group");
    else
        HELD(e, "%s", ways[there ? e->host->cgroup_way : HOST_CGROUP_NONE]);
    if (!there)
        MISSING(e, "control group for %s: %s\n", name,
                limit->optional ? "the limit is left out" : "the command will not run");
}

static void hold_memory(struct explain *e)
{
    hold_in_cgroup(e, &e->policy->memory, CONTROLLER_MEMORY, "memory");
}

static void hold_cpu(struct explain *e)
{
    hold_in_cgroup(e, &e->policy->cpu, CONTROLLER_CPU, "cpu");
}

static void hold_processes(struct explain *e)
{
    hold_in_cgroup(e, &e->policy->processes, CONTROLLER_PIDS, "processes");
}

static void hold_time(struct explain *e)
{
    if (e->policy->time.set)
        HELD(e, "the monitor: TERM, and KILL 2 s later");
}

static void (*const holds[N_OPTIONS])(struct explain *) = {
    [OPTION_BACKEND] = hold_backend, [OPTION_NETWORK] = hold_network,     [OPTION_LOOPBACK] = hold_loopback,
    [OPTION_FILTER] = hold_filter,   [OPTION_LANDLOCK] = hold_landlock,   [OPTION_LABEL] = hold_label,
    [OPTION_GUARD] = hold_guard,     [OPTION_NESTED] = hold_nested,
     [OPTION_TERMINAL] = hold_terminal,   [OPTION_STRICT] = hold_strict,
    [OPTION_DNS] = hold_dns,         [OPTION_UNKNOWN] = hold_unknown,     [OPTION_UPSTREAM] = hold_upstream,
    [OPTION_HOME] = hold_home,       [OPTION_WORKSPACE] = hold_workspace, [OPTION_MEMORY] = hold_memory,
    [OPTION_CPU] = hold_cpu,         [OPTION_PROCESSES] = hold_processes, [OPTION_TIME] = hold_time,
    [OPTION_SPAWN] = hold_spawn,
};

void explain_hold(struct explain *e, const struct option *o)
{
    buf_free(&e->held);
    if (holds[o - options])
        holds[o - options](e);
}
