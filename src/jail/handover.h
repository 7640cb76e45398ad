/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the jail is built from, handed to its first process. That one is cloned before the policy is known, so that
 * the kernel makes namespaces on one CPU while the monitor reads profiles on the other. The monitor then copies
 * everything into memory that both have at the same address, sends MSG_BUILD, and lets go of its own mapping: it never
 * reads there again. */
#ifndef AGENTJAIL_JAIL_HANDOVER_H
#define AGENTJAIL_JAIL_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/start.h"


struct handover {
    char *base; /* mapping, NULL when let go */
    size_t size;
    size_t used;
};

/* Before the clone: map the region. 0 or -errno. */
int handover_open(struct handover *h);

/* Monitor: copy start and everything that it points to. 0 or -E2BIG. */
int handover_put(struct handover *h, const struct jail_start *start);

/* The jail's first process: whether the copy is there and MSG_BUILD about to come. Costs no system call. */
bool handover_ready(const struct handover *h);

/* The jail's first process, after MSG_BUILD: the copy. */
const struct jail_start *handover_get(const struct handover *h);

/* Unmap it in this process. */
void handover_close(struct handover *h);

#endif
