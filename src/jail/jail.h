/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jail's first process: sets the jail up, starts the payload, becomes init. */
#ifndef AGENTJAIL_JAIL_JAIL_H
#define AGENTJAIL_JAIL_JAIL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "filter/filter.h"
#include "lockdown/label.h"
#include "plan/plan.h"
#include "profile/policy.h"

/* Everything the jail is built from. Made by the monitor, handed over by jail/handover.h. */
struct jail_start {
    const struct policy *policy;
    const struct plan *plan;
    const struct filter_program *filter;
    char *const *argv;
    char *const *env;
    const char *directory;  /* where the payload starts, as seen inside */
    bool terminal[3];       /* which of fds 0 to 2 become the jail's own pty */
    bool background;        /* the payload starts as a background group of that pty */
    bool wait_go;           /* wait for MSG_GO before anything of the payload's runs */
    bool watched;           /* the plan has operations that the host can undo */
    enum label_kind label;  /* how policy->label is to be taken */
    int landlock_abi;       /* 0: none, or not asked for */
    sigset_t mask;          /* the payload's signal mask: what agentjail was started with */
};

struct handover;

/* What the jail's first process is cloned with, before the policy is known. */
struct jail_clone {
    int channel; /* to the monitor */
    struct handover *handover;
    uid_t uid;
    gid_t gid;
    char *title; /* the memory of our command line, which /proc/1/cmdline would show inside */
    size_t title_len;
};

/* The namespaces to clone(2) the jail's first process into. The network's is made later: it is slow, and a clone would
 * wait for it. */
uint64_t jail_namespaces(void);

/* Whether Landlock holds the file view, too: not where the payload may mount, as its file rules forbid every mount call
 * (KERNEL-FACTS 4). */
bool jail_restricts_files(const struct jail_start *start);

/* The first process, in its new namespaces. Ends as PID 1 of the jail. */
_Noreturn void jail_main(const struct jail_clone *clone_with);

#endif
