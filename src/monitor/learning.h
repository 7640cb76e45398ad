/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --learn: what a run uses, as the monitor hears it from init and the gateway, becomes a profile when the run has ended.
 * Nothing is taken from what the payload can write, such as its output. */
#ifndef AGENTJAIL_MONITOR_LEARNING_H
#define AGENTJAIL_MONITOR_LEARNING_H

#include "evidence/event.h"
#include "ipc/gateway_event.h"
#include "learn/needs.h"
#include "profile/request.h"

struct loop;

struct learning {
    const struct policy *policy;
    const char *name;    /* of the profile */
    int dir;             /* where it is to be; -1: nothing is learned */
    struct policy known; /* what it grants already, where there is one */
    bool has_known;
    struct buf old;      /* its text */
    struct needs needs;
    struct strv hosts, denied_hosts; /* lines of a profile */
    bool exec_workspace, exec_tmp, git, network;
};

#define LEARNING_EMPTY ((struct learning){ .dir = -1 })

/* Before the jail is built, and before the monitor is confined: open the directory of the user's profiles, which is made if
 * it is not there, and read the profile that is to be widened. 0, or -errno with a line for people in why: then nothing may
 * run. */
int learning_prepare(struct learning *l, const struct policy_request *request, const struct policy *policy, struct buf *why);

/* Take in what was told of a file or program. */
void learning_event(struct learning *l, const struct event *e);

/* Take in what the gateway has let through or refused. */
void learning_host(struct learning *l, const struct gateway_event *e);

/* The run has ended with that status: write the profile, and say so. 0 or -errno; it was said. */
int learning_end(struct learning *l, struct loop *loop, int status);

/* Release what it holds. */
void learning_free(struct learning *l);

#endif
