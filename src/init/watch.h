/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Noticing that a mount of the jail's has gone: the kernel detaches a mount when the host renames over or unlinks the
 * name that it lies on (KERNEL-FACTS 2), and wakes who polls mountinfo (proc_pid_mountinfo(5)). */
#ifndef AGENTJAIL_INIT_WATCH_H
#define AGENTJAIL_INIT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

struct watch {
    const struct plan *plan;
    uint64_t *ids; /* one per operation, 0: not watched */
    int fd;        /* mountinfo */
    bool rest;     /* look again: there may be more than the one reported */
};

/* True if a watched mount is missing now; which operation's in *ret_index. */
bool watch_lost(struct watch *w, size_t *ret_index);

/* The operation's mount was put back: take its new id. False if there is still none of its own at the target. */
bool watch_renew(struct watch *w, size_t index);

#endif
