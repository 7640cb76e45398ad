/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every jail has, whatever its plan: an empty root, a /dev and a /proc of its own, in a place that no source of a
 * plan can lie in, so that sources can still be pinned. */
#ifndef AGENTJAIL_JAIL_STAGE_H
#define AGENTJAIL_JAIL_STAGE_H

#include <stdbool.h>

#include "base/buf.h"

struct stage {
    int root; /* O_PATH fds of the three mounts; -1 where not made. root holds the others as "dev" and "proc" */
    int dev;
    int proc;
    unsigned step; /* the next one */
};

#define STAGE_EMPTY ((struct stage){ .root = -1, .dev = -1, .proc = -1 })

/* Make the next part: the root, in the caller's new mount namespace; /dev, piece by piece; /proc, of the caller's new pid
 * namespace. as_root: the user is uid 0 of the host. 0, or -errno with a message in why. */
int stage_step(struct stage *stage, bool as_root, struct buf *why);

/* In its place for bubblewrap: the root alone, without a bound on its size, and programs in it may be executed. labelled: the
 * caller has asked the kernel to label what it makes, and the root is to be among that. 0 or -errno with a message in why. */
int stage_begin_bubblewrap(struct stage *stage, bool labelled, struct buf *why);

/* Whether every part is there. */
bool stage_done(const struct stage *stage);

#endif
