/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control groups for the limits.
 *
 * Theory of operation. Stages, in order:
 *  1. cgroup_prepare: looks for a delegated subtree above our own group. It must be ours to use, not only ours to
 *     write: systemd's rule is one writer for each directory, so a directory below a user's systemd counts only if
 *     it carries systemd's mark of delegation. There it makes agentjail-ID and writes the limits. A group that has
 *     processes cannot switch on the memory controller for its children ("no internal processes"); if none but the
 *     monitor and the jail's are in it, they move into a leaf beside the jail's group. Where that does not cover
 *     all limits and systemd can be reached, nothing is made yet.
 *  2. cgroup_attach, when init waits at its gate: moves init, or asks systemd for a scope with init in it and reads
 *     back what the kernel has got: systemd accepts a limit also where its controller is not delegated. From here
 *     on everything that the jail starts is inside: init then unshares its cgroup namespace.
 *  3. cgroup_remove: kills what is left and removes the directory. A scope goes away by itself when it is empty.
 * A monitor killed by SIGKILL takes its jail with it; the empty directory is what cgroup_sweep is for. */
#include "host/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/cgroup_delegated.h"
#include "host/cgroup_files.h"
#include "host/cgroup_scope.h"
#include "profile/origin.h"

#define FREEZE_TRIES 1000
#define FREEZE_PAUSE_NS 1000000

/* ---- what people read ---- */

static void print_value(unsigned bit, uint64_t value, struct buf *out)
{
    static const char units[] = "TGMK";
    if (bit == CONTROLLER_CPU) {
        buf_printf(out, "%" PRIu64 "%%", value);
        return;
    }
    if (bit == CONTROLLER_MEMORY)
        for (unsigned i = 0; i < 4; i++) {
            uint64_t unit = UINT64_C(1) << (40 - 10 * i);
            if (value >= unit && value % unit == 0) {
                buf_printf(out, "%" PRIu64 "%c", value / unit, units[i]);
                return;
            }
        }
    buf_printf(out, "%" PRIu64, value);
}

/* Why neither way holds a limit, and the way out. */
static void print_reason(const struct cgroup_host *host, unsigned bit, struct buf *out)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s" CGROUP_MOUNT "/cgroup.controllers", cgroup_host_root(host));
    uid_t uid = cgroup_host_uid(host);
    const char *name = bit == CONTROLLER_MEMORY ? "memory" : bit == CONTROLLER_CPU ? "cpu" : "pids";

    if (access(path, F_OK) < 0)
        buf_str(out, "this host has no unified cgroup v2 hierarchy at " CGROUP_MOUNT
                     "; boot it with systemd.unified_cgroup_hierarchy=1");
    else if (!cgroup_systemd_booted(host))
        buf_str(out, "no control group was delegated to this process and systemd does not run here; start agentjail in "
                     "a cgroup that you may write to");
    else if (!cgroup_manager_reachable(host) && uid == 0)
        buf_str(out, "systemd's bus does not answer");
    else if (!cgroup_manager_reachable(host))
        buf_printf(out, "systemd's user manager has no socket below /run/user/%u; log in through a session, or run "
                        "`sudo loginctl enable-linger $USER` once", uid);
    else if (!cgroup_scope_module())
        buf_str(out, "agentjail's module for systemd (scope.so) is not installed; install it");
    else
        buf_printf(out, "systemd does not delegate the controller %s to user sessions; run `sudo systemctl edit "
                        "user@.service`, write [Service] and Delegate=cpu memory pids, then log in again", name);
}

/* A line for each limit of bits that nothing holds; -EOPNOTSUPP if one of them is required. reason may be NULL. */
static int report_lost(struct cgroup *cgroup, unsigned bits, const char *reason, struct buf *why)
{
    int result = 0;
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
        if (!(bits & cgroup_controllers[i].bit))
            continue;
        const struct limit *limit = cgroup_limit(cgroup->policy, cgroup_controllers[i].bit);
        if (why->len > 0)
            buf_char(why, '\n');
        origin_print(why, &limit->origin, cgroup_controllers[i].key);
        buf_str(why, limit->optional ? "not held: " : "this limit cannot be held: ");
        if (reason)
            buf_str(why, reason);
        else
            print_reason(&cgroup->host, cgroup_controllers[i].bit, why);
        if (!limit->optional) {
            _cleanup_buf_ struct buf value = { 0 };
            print_value(cgroup_controllers[i].bit, limit->value, &value);
            origin_advise(why, &limit->origin, &limit->required, cgroup_controllers[i].key, value.data ? value.data : "");
            result = -EOPNOTSUPP;
        }
    }
    cgroup->lost |= bits;
    return result;
}

/* ---- the three stages ---- */

/* The controllers of the limits that are set. */
static unsigned limits(const struct policy *policy)
{
    unsigned want = 0;
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
        if (cgroup_limit(policy, cgroup_controllers[i].bit)->set)
            want |= cgroup_controllers[i].bit;
    return want;
}

/* RLIMIT_NPROC is as good for the number of processes, except for root: alone that is no reason for a group. */
static unsigned by_rlimit(const struct cgroup_host *host)
{
    return cgroup_host_uid(host) != 0 ? CONTROLLER_PIDS : 0;
}

bool cgroup_wanted(const struct policy *policy)
{
    return limits(policy) & ~by_rlimit(&(struct cgroup_host){ 0 });
}

int cgroup_prepare_on(const struct cgroup_host *host, const struct policy *policy, const char *jail_id,
                      struct cgroup *ret_cgroup, struct buf *why)
{
    struct cgroup cgroup = CGROUP_EMPTY;
    cgroup.host = *host;
    cgroup.policy = policy;

    unsigned want = limits(policy);
    cgroup.by_rlimit = want & by_rlimit(host);
    unsigned need = want & ~cgroup.by_rlimit;
    if (!need) {
        *ret_cgroup = cgroup;
        return 0;
    }

    cgroup_delegate(&cgroup, jail_id, want);
    if (!cgroup.held)
        cgroup_remove(&cgroup);
    unsigned scope = need & ~cgroup.held ? cgroup_scope_controllers(host) & want : 0;
    if (scope & need & ~cgroup.held) {
        cgroup_remove(&cgroup);
        cgroup.way = HOST_CGROUP_SCOPE;
        cgroup.held = scope;
        if (asprintf(&cgroup.unit, CGROUP_PREFIX "%s.scope", jail_id) < 0) {
            cgroup.unit = NULL;
            cgroup_remove(&cgroup);
            return -ENOMEM;
        }
    }
    int r = report_lost(&cgroup, need & ~cgroup.held, NULL, why);
    if (r < 0) {
        cgroup_remove(&cgroup);
        return r;
    }
    *ret_cgroup = cgroup;
    return 0;
}

int cgroup_prepare(const struct policy *policy, const char *jail_id, struct cgroup *ret_cgroup, struct buf *why)
{
    return cgroup_prepare_on(&(struct cgroup_host){ 0 }, policy, jail_id, ret_cgroup, why);
}

int cgroup_attach(struct cgroup *cgroup, pid_t init, struct buf *why)
{
    _cleanup_buf_ struct buf reason = { 0 };
    int r = 0;
    if (cgroup->way == HOST_CGROUP_NONE)
        return 0;
    if (cgroup->way == HOST_CGROUP_DELEGATED) {
        r = cgroup_write_number(cgroup->dir, "cgroup.procs", (uint64_t)init);
        if (r < 0)
            buf_printf(&reason, "the kernel refused to move the jail into %s: %s", cgroup->path, strerror(-r));
    } else {
        r = cgroup_scope_attach(cgroup, init, &reason);
    }
    if (r < 0) {
        unsigned held = cgroup->held;
        cgroup->held = 0;
        return report_lost(cgroup, held & ~cgroup->by_rlimit, reason.data ? reason.data : strerror(-r), why);
    }

    unsigned slack = 0; /* systemd takes a limit also where its controller is not delegated */
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
        unsigned bit = cgroup_controllers[i].bit & cgroup->held;
        if (bit && !cgroup_limit_holds(cgroup->dir, bit, cgroup_limit(cgroup->policy, bit)->value))
            slack |= bit;
    }
    cgroup->held &= ~slack;
    if (cgroup->way == HOST_CGROUP_SCOPE && cgroup->held & CONTROLLER_MEMORY)
        cgroup_write_number(cgroup->dir, "memory.oom.group", 1); /* systemd before 253 has no OOMPolicy= for scopes */
    cgroup->above = openat(cgroup->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cgroup->ooms_above = cgroup_read_event(cgroup->above, "memory.events", "oom_kill");
    return report_lost(cgroup, slack & ~cgroup->by_rlimit, NULL, why);
}

int cgroup_freeze(const struct cgroup *cgroup, bool freeze)
{
    if (cgroup->way == HOST_CGROUP_NONE || cgroup->dir < 0)
        return -EOPNOTSUPP;
    int r = cgroup_write_number(cgroup->dir, "cgroup.freeze", freeze);
    if (r < 0)
        return r == -ENOENT ? -EOPNOTSUPP : r;
    for (int i = 0; i < FREEZE_TRIES; i++) {
        if (cgroup_read_event(cgroup->dir, "cgroup.events", "frozen") == freeze)
            return 0;
        nanosleep(&(struct timespec){ .tv_nsec = FREEZE_PAUSE_NS }, NULL);
    }
    return -ETIMEDOUT;
}

bool cgroup_was_oom(const struct cgroup *cgroup)
{
    if (cgroup->dir < 0)
        return false;
    int64_t own = cgroup_read_event(cgroup->dir, "memory.events", "oom_kill");
    if (own >= 0)
        return own > 0;
    /* systemd has removed the empty scope already; what its parent counted stays. */
    return cgroup->ooms_above >= 0 &&
           cgroup_read_event(cgroup->above, "memory.events", "oom_kill") > cgroup->ooms_above;
}

void cgroup_remove(struct cgroup *cgroup)
{
    if (cgroup->way == HOST_CGROUP_DELEGATED && cgroup->dir >= 0) {
        cgroup_empty(cgroup->dir);
        _cleanup_close_ int parent = open(cgroup->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent >= 0)
            cgroup_rmdir(parent, strrchr(cgroup->path, '/') + 1);
    }
    cgroup_leave_leaf(cgroup);
    cleanup_close(&cgroup->dir);
    cleanup_close(&cgroup->above);
    free(cgroup->path);
    free(cgroup->unit);
    free(cgroup->parent);
    free(cgroup->leaf);

    struct cgroup empty = CGROUP_EMPTY;
    empty.host = cgroup->host;
    empty.policy = cgroup->policy;
    empty.by_rlimit = cgroup->by_rlimit;
    *cgroup = empty;
}

enum host_cgroup_way cgroup_find(const struct cgroup_host *host, unsigned *ret_controllers)
{
    unsigned scope = cgroup_scope_controllers(host), delegated = cgroup_delegated_controllers(host);
    if (delegated && !(scope & ~delegated)) {
        *ret_controllers = delegated;
        return HOST_CGROUP_DELEGATED;
    }
    *ret_controllers = scope;
    return scope ? HOST_CGROUP_SCOPE : HOST_CGROUP_NONE;
}
