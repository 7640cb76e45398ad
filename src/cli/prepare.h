/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that a run is made of, resolved in the monitor before anything of the command's can start. */
#ifndef AGENTJAIL_CLI_PREPARE_H
#define AGENTJAIL_CLI_PREPARE_H

#include <time.h>

#include "base/buf.h"
#include "base/strv.h"
#include "filter/filter.h"
#include "home/git_copies.h"
#include "home/git_links.h"
#include "host/cgroup.h"
#include "ipc/start.h"
#include "microvm/prepare.h"
#include "monitor/gateway.h"
#include "plan/plan.h"
#include "profile/request.h"
#include "registry/registry.h"

struct run {
    const struct policy_request *request;
    struct policy policy;
    struct plan plan;
    struct filter_program filter;
    struct strv env;
    struct strv dropped; /* names of variables that were not passed on */
    struct cgroup cgroup;
    struct registry registry;
    struct gateway gateway;
    struct network_wish network; /* what the jail makes for it */
    enum label_kind label;
    struct microvm microvm;
    struct git_copies git;
    struct git_links git_links;
    bool runs_told;  /* init is to look at programs that are run: there is a rule of which may be */
    int landlock_abi;
    int home_lock; /* keeps --reset-home off while the jail lives; -1: no home is kept */
    char *directory; /* where the command starts */
    bool sockets;    /* init is to hold sockets, whatever names there are */
    bool once;       /* what a descriptor gave is used up: there can be no second try */
    pid_t parent;    /* who started us, as it was at first */
    struct timespec begin;
};

#define RUN_EMPTY(r) ((struct run){ .request = (r), .cgroup = CGROUP_EMPTY, .registry = REGISTRY_EMPTY, .home_lock = -1, \
                                  .gateway = GATEWAY_EMPTY, .microvm = MICROVM_EMPTY, \
                                  .git = GIT_COPIES_EMPTY })

/* Resolve everything: policy, plan, Landlock, filter, environment, directory, label, cgroup. Makes the profile's
 * persistent home and the cgroup, nothing else. 0 or -errno with a message in why; notes about optional fences in why
 * on success. */
int run_prepare(struct run *run, struct buf *why);

/* Say text to people on standard error, each line behind "agentjail: ", safe for a terminal. */
void run_say(const char *text);

/* The same, on one line whatever names of a payload's are in it: none passes for a line of ours. */
void run_note(const char *line);

/* Say why there will be no run. Returns the exit status for that. */
int run_refuse(const struct buf *why);

/* With -v: say what was done, with the time since the beginning. */
void run_step(const struct run *run, const char *what);

/* The notes of policy and plan, as much as --quiet and -v let through. */
void run_print_notes(const struct run *run);

/* Release everything; removes the registry entry and the cgroup. */
void run_free(struct run *run);

#define _cleanup_run_ _cleanup_(run_free)

#endif
