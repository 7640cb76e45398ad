/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits memory, cpu and processes, held by a control group (cgroup v2 only; the time limit is the monitor's
 * loop's).
 *
 * Two ways, tried in this order:
 *  1. a subtree that was delegated to us (systemd's Delegate=yes, a container's own cgroup namespace): a directory
 *     agentjail-ID of our own in it;
 *  2. a transient scope agentjail-ID.scope of the user's systemd (of the system's, as root), over D-Bus. If neither
 * can hold a limit: refused when it is required, lost with a note when it is optional. The number of processes
 * needs neither for an ordinary user: RLIMIT_NPROC in the payload's own user namespace holds it
 * (lockdown/rlimits.h). Costs nothing when the policy sets no limit. Never logs. See
 * Documentation/admin-guide/cgroup-v2.rst and systemd's "Control Group APIs and Delegation". */
#ifndef AGENTJAIL_HOST_CGROUP_H
#define AGENTJAIL_HOST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "host/host_probe.h"
#include "profile/policy.h"

/* Tasks of our own in the jail's group (init), on top of the payload's. */
#define CGROUP_OWN_TASKS 1

/* The host as the functions see it: the real one is the all-zero value. Tests put a directory tree in its place. */
struct cgroup_host {
    const char *root;             /* prefix of /proc, /sys and /run; NULL: none */
    void (*made)(int dir);        /* tests: called with each cgroup directory just made, to put files into it */
    const char *runtime_dir;      /* NULL: $XDG_RUNTIME_DIR, else /run/user/UID */
    uid_t uid;                    /* tests, with root set: whose limits these are */
};

struct cgroup {
    enum host_cgroup_way way; /* HOST_CGROUP_NONE: nothing to attach to, every function below does nothing */
    unsigned held;            /* limits that the group holds, enum host_controller bits */
    unsigned by_rlimit;       /* limits that RLIMIT_NPROC holds instead */
    unsigned lost;            /* optional limits that nothing holds */
    char *path;               /* absolute path of the jail's group; for a scope known after cgroup_attach */
    char *unit;               /* scope's name */
    int dir;                  /* the group's directory, -1 if none */
    int above;                /* its parent's, -1 if none */
    int64_t ooms_above;       /* out-of-memory kills that the parent had counted before */
    char *parent;             /* the delegated directory that the group was made in */
    char *leaf;               /* where the monitor moved itself to, beside the group; NULL: it did not have to */
    unsigned enabled;         /* controllers that we switched on for parent's children */
    const struct policy *policy; /* where the values come from; must live as long */
    struct cgroup_host host;
};

#define CGROUP_EMPTY ((struct cgroup){ .dir = -1, .above = -1 })

/* Whether the policy has limits that take a cgroup, which may have to be asked of systemd. */
bool cgroup_wanted(const struct policy *policy);

/* Find where the policy's limits can be held and get it ready. jail_id: the registry's id, [A-Za-z0-9-]. Call it
 * before MSG_BUILD. 0 with a group (or with none: no limit set, or only optional ones that are lost: notes in why,
 * one a line), or -errno with the message for exit 125 in why. */
int cgroup_prepare(const struct policy *policy, const char *jail_id, struct cgroup *ret_cgroup, struct buf *why);

/* As cgroup_prepare, on another host than the real one (tests). */
int cgroup_prepare_on(const struct cgroup_host *host, const struct policy *policy, const char *jail_id,
                      struct cgroup *ret_cgroup, struct buf *why);

/* Put the jail's init into the group; call it between MSG_READY and MSG_GO. Returns when the limits hold (a scope is
 * made asynchronously: this waits for it, 10 s at most, and reads the values back). 0, also when only optional limits
 * were lost (notes in why), or -errno with the message for exit 125. */
int cgroup_attach(struct cgroup *cgroup, pid_t init, struct buf *why);

/* Freeze everything in the group, init too, or thaw it. Returns when the kernel says so (cgroup.events; 1 s at most).
 * 0, -EOPNOTSUPP without a group, -ETIMEDOUT, or another -errno. */
int cgroup_freeze(const struct cgroup *cgroup, bool freeze);

/* True if the kernel killed something in the group for want of memory. Call it when init has died, before
 * cgroup_remove. */
bool cgroup_was_oom(const struct cgroup *cgroup);

/* Kill whatever is left in the group and remove it. Also releases what cgroup holds; safe on CGROUP_EMPTY. */
void cgroup_remove(struct cgroup *cgroup);

/* Remove the group that a killed monitor left. path: what struct cgroup's path said, as the registry noted it; taken
 * only if its last component is agentjail-JAIL_ID and the directory is a cgroup. 0, -ENOENT if it is gone already, or
 * another -errno. */
int cgroup_sweep(const char *path, const char *jail_id);

/* Where limits would be held for this process, without making anything. */
enum host_cgroup_way cgroup_find(const struct cgroup_host *host, unsigned *ret_controllers);

/* True if systemd's manager for this user (root: the system's) has its socket where we look for it. */
bool cgroup_manager_reachable(const struct cgroup_host *host);

#endif
