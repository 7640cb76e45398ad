/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Noticing that a mount of the jail's has gone from its place. Two ways lead there:
 *
 *  - The kernel detaches a mount when the host renames over or unlinks the name that it lies on (KERNEL-FACTS 2), and
 *    wakes who polls mountinfo (proc_pid_mountinfo(5)).
 *  - The host renames the name away, or a directory above it: the mount moves along with it, and nothing is at its
 *    target, or something else. No mount has changed, so mountinfo is silent; inotify(7) tells of moved inodes, and what
 *    is at the targets tells whether it matters. */
#ifndef AGENTJAIL_INIT_WATCH_H
#define AGENTJAIL_INIT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/* From where a watched operation's target is looked at: what lies above the grant that it is in may be the payload's. */
struct anchor {
    int fd;      /* the grant's mount, -1: the root; several may share one */
    size_t skip; /* bytes of the target that lead to it */
    int whole;   /* the root, for what lies on the grant itself; -1: ours */
};

struct watch {
    const struct plan *plan;
    const struct anchor *anchors;
    uint64_t *ids; /* one per operation, 0: not watched */
    int fd;        /* mountinfo */
    int moves;     /* inotify, -1 without: then names are looked at from time to time */
    bool names;    /* names are looked at, too */
    bool rest;     /* look again: there may be more than the one reported */
};

/* Look at names from now on. Takes a few system calls for each: not before the payload runs. */
void watch_names(struct watch *w);

/* Take what inotify has said. */
void watch_moved(struct watch *w);

/* True if a watched mount is missing now, or not where it belongs; which operation's in *ret_index. */
bool watch_lost(struct watch *w, size_t *ret_index);

/* The operation's mount was put back: take its new id. False if there is still none of its own at the target. */
bool watch_renew(struct watch *w, size_t index);

#endif
