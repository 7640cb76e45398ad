/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stopping everything in the jail so that it stays stopped, and continuing it. */
#ifndef AGENTJAIL_INIT_FREEZER_H
#define AGENTJAIL_INIT_FREEZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Who wants it frozen. The payload runs when nobody does. */
enum freeze_reason {
    FREEZE_MOUNT = 1, /* a watched mount is away */
    FREEZE_USER = 2,  /* MSG_FREEZE */
};

#define FREEZER_PIDS 4096
#define FREEZER_SLEEPERS 64

struct freezer {
    pid_t group;      /* the payload's process group; 0 in a pid namespace of our own: everything is the payload's */
    bool blind;       /* a test: SIGSTOP, and no look at what it did */
    unsigned reasons; /* enum freeze_reason; 0: it runs */
    bool struck;      /* by freezer_strike(), and neither frozen nor thawed since */
    int proc;         /* /proc, opened at the first freeze; -1 until then */
    uint64_t print;   /* of all stopped threads: same print, none of them has run in between */
    pid_t before[FREEZER_PIDS]; /* processes that were stopped already: they stay so */
    size_t n_before;
    pid_t sleepers[FREEZER_SLEEPERS]; /* threads in the kernel that stop before they come back from it */
    size_t n_sleepers;
};

/* The stop alone, when it may turn out that a freeze is due: what is to be found out first would take longer than the stop
 * does. A freeze (and thaw) has to follow. False: it is frozen already, or a test's freezer: nothing was done. */
bool freezer_strike(struct freezer *f);

/* Stop every process but init and see that nothing runs. Idempotent; a second reason is added to the first. 0: nothing
 * runs. -EBUSY: something is continued again and again, or does not stop within seconds. Another -errno: it cannot be
 * seen what runs. The reason counts also on failure. */
int freezer_freeze(struct freezer *f, enum freeze_reason reason);

/* While frozen: has anything run since? 0: no. 1: yes, it is stopped again. -errno as freezer_freeze(). */
int freezer_check(struct freezer *f);

/* Take a reason away. True if it was the last: what freezer_freeze() stopped runs again, and only that. */
bool freezer_thaw(struct freezer *f, enum freeze_reason reason);

#endif
