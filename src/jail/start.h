/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a jail is built from: the one thing that its set-up, the payload's last steps and init have in common. */
#ifndef AGENTJAIL_JAIL_START_H
#define AGENTJAIL_JAIL_START_H

#include <signal.h>
#include <stdbool.h>

#include "filter/filter.h"
#include "jail/network.h"
#include "lockdown/label.h"
#include "plan/plan.h"
#include "profile/policy.h"

/* Everything the jail is built from. Made by the monitor, handed over by jail/handover.h. */
struct jail_start {
    const struct policy *policy;
    const struct plan *plan;
    const struct filter_program *filter;
    char *const *argv;
    const char *path;       /* the command's file; NULL: found by argv[0] on the PATH of env */
    char *const *env;
    const char *directory;  /* where the payload starts, as seen inside */
    bool terminal[3];       /* which of fds 0 to 2 become the jail's own pty */
    bool background;        /* the payload starts as a background group of that pty */
    bool wait_go;           /* wait for MSG_GO before anything of the payload's runs */
    bool watched;           /* the plan has operations that the host can undo */
    enum label_kind label;  /* how policy->label is to be taken */
    struct network_wish network;
    int landlock_abi;       /* 0: none, or not asked for */
    sigset_t mask;          /* the payload's signal mask: what agentjail was started with */
};

/* Whether Landlock holds the file view, too: not where the payload may mount, as its file rules forbid every mount call
 * (KERNEL-FACTS 4). */
bool jail_restricts_files(const struct jail_start *start);

#endif
