/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's loop: from the clone to the end of the jail. */
#ifndef AGENTJAIL_MONITOR_SUPERVISE_H
#define AGENTJAIL_MONITOR_SUPERVISE_H

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

/* A running jail as the monitor sees it. */
struct supervise {
    bool may_repeat;           /* there will be another try: say nothing of what that may mend */
    struct policy *policy;     /* rules and ports may change while it runs */
    const struct plan *plan;
    const char *command;       /* for messages */
    char *const *argv;         /* the command with its arguments */
    const char *directory;     /* where it starts */
    int64_t born[2];           /* ms of CLOCK_BOOTTIME before and after init was cloned */
    int channel;               /* to init */
    int pidfd;                 /* of init */
    pid_t pid;                 /* of init */
    struct cgroup *cgroup;
    struct terminal *terminal; /* NULL: none of the standard files is one */
    struct signals *signals;
    struct stdio *stdio;       /* what is relayed of the standard files */
    struct registry *registry;
    struct evidence *evidence;
    struct gateway *gateway;   /* its pid is 0 if there is none */
};

/* The host changed while the jail was being built: resolve everything again. */
#define SUPERVISE_AGAIN (-1)

/* Serve the jail until it has ended and every process of it is gone. Returns the exit status for agentjail: the
 * command's own, 128 + signal, 124 (time limit), 125 (the jail could not be set up; the message was printed), 126, 127, or
 * SUPERVISE_AGAIN when s->may_repeat. */
int supervise(struct supervise *s);

#endif
