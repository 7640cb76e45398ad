/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the jail makes beside what it was cloned into: the inner user namespace, and, in a helper thread, what takes the
 * kernel long: the network namespace while mounts are made, the host's tree taken down while the payload is locked down. */
#ifndef AGENTJAIL_JAIL_NAMESPACES_H
#define AGENTJAIL_JAIL_NAMESPACES_H

#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/types.h>

#include "jail/network.h"
#include "lockdown/settle.h"

/* What is wanted, and what came of it. */
struct namespaces {
    uid_t uid;
    gid_t gid;
    cpu_set_t cpus;  /* all that we may run on, to be had back once the network is there; empty: leave us where we are */
    bool inner_user; /* make the inner user namespace */
    bool net;        /* make a network namespace with its loopback device up */
    bool loopback;   /* may be set until namespaces_entered(): the device stays up */

    int inner_fd;    /* results: fds or -errno; -1 when not wanted */
    int net_fd;
    int socket;      /* in the network namespace, while the helper works there */

    /* how the helper and the others meet */
    sem_t go;        /* a processor is to be had */
    sem_t made;      /* net_fd is there */
    sem_t entered;   /* pivot_root(2) is done: the host's tree can be taken down */
    struct settling settling; /* nothing of the host's is reachable, or an error is there */

    /* the second helper, of namespaces_start_gateway() */
    struct network_job gateway;
    pthread_t gateway_helper;
    bool joining;    /* it has been started, and not been waited for */
};

/* Make the inner user namespace; stay on one CPU until namespaces_go(). 0 or -errno. */
int namespaces_make_inner(struct namespaces *ns);

/* Make the helper thread, which waits for namespaces_go(); the caller goes on. ns must stay where it is: the helper ends when
 * it has done all. 0 or -errno. */
int namespaces_start(struct namespaces *ns);

/* Let the helper work, on the processor that the caller is on; the caller takes another. */
void namespaces_go(struct namespaces *ns);

/* Have a second helper join the jail's network to a gateway, as job says (its jail_ns is set here), while the caller goes on.
 * 0 or -errno. */
int namespaces_start_gateway(struct namespaces *ns, const struct network_job *job);

/* Wait for it; a caller without one does not wait. 0, or -errno with ns->gateway.what set. */
int namespaces_join_gateway(struct namespaces *ns);

/* Wait until net_fd holds what came of the network namespace, and take back all of cpus. Its loopback device may not be up
 * yet. 0 or -errno. */
int namespaces_wait_net(struct namespaces *ns);

/* The caller has entered the jail's root: let the helper detach the host's tree, which lies on it. */
void namespaces_entered(struct namespaces *ns);

#endif
