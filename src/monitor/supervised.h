/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor supervises: everything about one jail that was made before its loop begins. */
#ifndef AGENTJAIL_MONITOR_SUPERVISED_H
#define AGENTJAIL_MONITOR_SUPERVISED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/cgroup.h"
#include "plan/plan.h"
#include "profile/policy.h"
#include "registry/registry.h"

struct terminal;
struct signals;
struct stdio;
struct gateway;
struct evidence;
struct run_report;
struct learning;

/* A running jail as the monitor sees it. */
struct supervise {
    bool may_repeat;           /* there will be another try: say nothing of what that may mend */
    struct policy *policy;     /* rules and ports may change while it runs */
    const struct plan *plan;
    const char *command;       /* for messages */
    char *const *argv;         /* the command with its arguments */
    const char *directory;     /* where it starts */
    const char *context;       /* of SELinux, that it is to get, or NULL */
    int64_t born[2];           /* ms of CLOCK_BOOTTIME before and after init was cloned */
    int channel;               /* to init */
    int observed;              /* to init, for what the payload does (ipc/observed.h); -1: it is not told */
    int pidfd;                 /* of init */
    pid_t pid;                 /* of init */
    int parent;                /* pidfd of the process that started us, whose end is the jail's; -1: it is not */
    struct cgroup *cgroup;
    struct terminal *terminal; /* NULL: none of the standard files is one */
    struct signals *signals;
    struct stdio *stdio;       /* what is relayed of the standard files */
    struct registry *registry;
    struct evidence *evidence;
    struct run_report *report; /* --summary */
    struct learning *learning; /* --learn */
    struct gateway *gateway;   /* its pid is 0 if there is none */
};

#endif
