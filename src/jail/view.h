/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine that carries out a plan, in the jail's new mount namespace, with its capabilities, once.
 *
 * 1. view_pin      every source becomes a detached mount, before anything is mounted: from here on no path of the host
 *                  is looked up again, so nothing that changes on the host can redirect an operation. Device and
 *                  inode are compared with what the monitor resolved.
 * 2. view_build    a new root, and the operations in order. Targets are resolved below the new root only. Mount points
 *                  are made on file systems of the jail's own, never on the host's.
 * 3. view_enter    pivot_root(2): the caller's root is the new one. The host's tree lies on it, where only ".." leads.
 * 4. view_leave_host   the host's tree is detached and out of reach. It takes long, and nothing but the payload's
 *                  execve(2) needs it, so the helper thread does it (namespaces.c).
 *
 * Before 1 the caller has its own mount and user namespace and /proc of the host; after 3 it has the jail's. */
#ifndef AGENTJAIL_JAIL_VIEW_H
#define AGENTJAIL_JAIL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "init/watch.h"
#include "jail/mounts.h"
#include "jail/stage.h"
#include "plan/plan.h"

struct view {
    const struct plan *plan;
    int *sources;          /* one per operation: detached mount or -1; owned */
    uint64_t *mount_ids;   /* one per operation: the mount it made, 0 if none; owned */
    struct anchor *anchors; /* one per operation; owned, their fds stay open */
    uint64_t *own_mounts;  /* mounts in which mount points may be made; owned */
    size_t n_own;
    struct stage stage;    /* made ahead; taken into the view */
    struct point_cache points;
    int root;              /* the new root */
    int data;              /* the root made ahead, where OP_BIND_DATA's files begin */
    bool root_is_first;    /* it is the first operation's bind */
    int ruleset;           /* Landlock ruleset to which places are added, or -1; not owned */
    int landlock_abi;
    const char *console;   /* plan.bubblewrap: the host's path of the terminal that /dev/console is, or NULL */
    const char *file_label; /* SELinux context of a new tmpfs, or NULL */
    const struct op *failed; /* on failure: at which operation; NULL: at none of them */
    bool late;             /* plan.bubblewrap: each source is pinned when its turn comes, as there are too few descriptors */
    bool failed_source;    /* on failure: its source could not be had */
    bool failed_content;   /* on failure: its content could not be read or written */
    struct buf *why;       /* on failure: what went wrong, for people */
};

/* Stage 1. 0, or -errno with a message in view->why and the operation in view->failed; -ENOMEM has none. */
int view_pin(struct view *view);

/* Stage 2. 0, or -errno with a message in view->why and the operation in view->failed. */
int view_build(struct view *view);

/* Stage 3; closes view->root, the anchors stay open. 0, or -errno with a message in view->why. */
int view_enter(struct view *view);

/* Any thread of the caller's of view_enter(), once. 0 or -errno. */
int view_leave_host(void);

#endif
