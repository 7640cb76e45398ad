/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jail's first process: sets the jail up, starts the payload, becomes init. */
#ifndef AGENTJAIL_JAIL_JAIL_H
#define AGENTJAIL_JAIL_JAIL_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct handover;

/* What the jail's first process is cloned with, before the policy is known. */
struct jail_clone {
    int channel; /* to the monitor */
    struct handover *handover;
    uid_t uid;
    gid_t gid;
    cpu_set_t cpus; /* where we may run, once built; empty: not known */
    char *title; /* the memory of our command line, which /proc/1/cmdline would show inside */
    size_t title_len;
};

/* The namespaces to clone(2) the jail's first process into. It makes the others itself, while we go on. */
uint64_t jail_namespaces(void);

/* The first process, in its new namespaces. Ends as PID 1 of the jail. */
_Noreturn void jail_main(const struct jail_clone *clone_with);

#endif
