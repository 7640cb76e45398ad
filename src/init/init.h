/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PID 1 of the jail. */
#ifndef AGENTJAIL_INIT_INIT_H
#define AGENTJAIL_INIT_INIT_H

#include <stdint.h>

#include "jail/start.h"

struct namespaces;

struct init_args {
    const struct jail_start *start;
    const struct plan *plan;
    uint64_t *mount_ids; /* of the plan's watched operations, else 0 */
    int channel;
    struct namespaces *namespaces; /* the payload's user namespace, and the helper thread */
    int terminal; /* the pty's slave, or -1 */
    int mounts;   /* /proc/self/mountinfo, or -1 */
};

/* Start the payload, confine ourselves, serve until the payload has ended or the monitor says so. */
_Noreturn void init_main(struct init_args *args);

#endif
