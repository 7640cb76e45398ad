/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands between the payload and its execve(2): the helper thread (jail/namespaces.c) takes the host's tree down
 * meanwhile, and until that is done a path with ".." at the root would lead back to the host. */
#ifndef AGENTJAIL_LOCKDOWN_SETTLE_H
#define AGENTJAIL_LOCKDOWN_SETTLE_H

#include <semaphore.h>
#include <stdbool.h>

/* In memory that the helper and those who wait share. */
struct settling {
    sem_t done;         /* error is there */
    int error;          /* of the helper's work: 0 or -errno */
    const char *failed; /* what error is of, for people */
};

/* Before the helper is started. 0 or -errno. */
int settle_init(struct settling *settling);

/* The helper is through with its work, or failed with -errno. */
void settle_done(struct settling *settling, int error);

/* Wait until the loopback device is up and nothing of the host's is above the root. 0, or -errno with settling->failed set.
 * For a process that shares the helper's memory and view. */
int settle_wait(struct settling *settling);

/* Whether the host's tree is gone from above the caller's root. True before the umount(2) that does it has returned, which
 * also waits for the kernel to let go of it. */
bool settle_left_host(void);

#endif
