/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces that the jail makes beside those it was cloned into, in a thread that works while the mounts are made. */
#ifndef AGENTJAIL_JAIL_NAMESPACES_H
#define AGENTJAIL_JAIL_NAMESPACES_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

/* What is wanted, and what came of it. */
struct namespaces {
    uid_t uid;
    gid_t gid;
    cpu_set_t cpus;  /* all that we may run on, to be had back when the helper is done; empty: leave us where we are */
    bool inner_user; /* make the inner user namespace */
    bool net;        /* make a network namespace with its loopback device up */

    int inner_fd;    /* results: fds or -errno; -1 when not wanted */
    int net_fd;
    pthread_t helper;
};

/* Make the inner user namespace; stay on one CPU until namespaces_start(). 0 or -errno. */
int namespaces_make_inner(struct namespaces *ns);

/* Start the helper; the caller goes on. ns must stay where it is until namespaces_join(). 0 or -errno. */
int namespaces_start(struct namespaces *ns);

/* Wait for the helper; inner_fd and net_fd hold what came of it. 0 or -errno. */
int namespaces_join(struct namespaces *ns);

#endif
