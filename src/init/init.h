/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PID 1 of the jail. */
#ifndef AGENTJAIL_INIT_INIT_H
#define AGENTJAIL_INIT_INIT_H

#include <stdint.h>

#include "ipc/start.h"


struct payload_args;
struct settling;

struct init_args {
    const struct jail_start *start;
    const struct plan *plan;
    const struct anchor *anchors; /* where the watched operations' targets are looked at from */
    uint64_t *mount_ids; /* of the plan's watched operations, else 0 */
    int channel;
    int inner;    /* the payload's user namespace, or -1 */
    int net;      /* the network namespace that we are in, or -1 */
    struct settling *settling; /* the helper thread's */
    int terminal; /* the pty's slave, or -1 */
    int mounts;   /* /proc/self/mountinfo, or -1 */
    int moves;    /* bubblewrap's way: the inotify that watches names already, or -1 */
    int observe;  /* to the monitor: what is told of the payload's calls (ipc/observed.h); or -1 */
    const struct microvm_ends *microvm; /* the payload keeps a microVM (microvm/keeper.h), or NULL */
    int inward;   /* to the gateway, which asks for sockets; or -1 */

    /* bubblewrap's way: others of the jail go on when the payload has ended, and init with them; and unless the monitor's
     * death is to be theirs, they outlive the monitor. NULL: agentjail's way. */
    const struct init_lingers *lingers;
};

struct init_lingers {
    void (*payload)(struct payload_args *args); /* in payload_main()'s place; does not return */
    bool outlive;    /* the channel may end without ending us */
    bool dumpable;   /* others of the user outside may look at us, as at /proc/PID/ns: at any time, or once we are confined */
    bool traced;     /* once we are confined only: the payload may ptrace whom it sees (CAP_SYS_PTRACE) */
    const int *keep; /* descriptors that stay open */
    size_t n_keep;
};

/* Start the payload, confine ourselves, serve until the payload has ended or the monitor says so. */
_Noreturn void init_main(struct init_args *args);

#endif
