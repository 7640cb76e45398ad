/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's side of agentjail in bubblewrap's place: what it knows, and its steps in order (bwrap/run.c). */
#ifndef AGENTJAIL_BWRAP_MONITOR_H
#define AGENTJAIL_BWRAP_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bwrap/args.h"
#include "bwrap/enter.h"
#include "filter/program.h"
#include "host/cgroup.h"
#include "profile/ceiling_bwrap.h"
#include "registry/registry.h"

struct bwrap_run {
    struct bwrap_args args;
    struct bwrap_enter enter;   /* what the jail's first process is made from; borrows from the rest */
    struct strv env;            /* the command's; owned */
    struct registry registry;   /* the jail's entry */
    struct bwrap_ceilings *ceilings; /* that bound the command line, or NULL; owned */
    struct filter_program filter; /* that they ask for; owned */
    struct cgroup cgroup;       /* what holds the limits that they ask for; owned */
    int64_t end_at;             /* when the command is ended, CLOCK_MONOTONIC in ms; 0: never */
    bool timed_out;
    char *cwd;                  /* the caller's directory, or NULL; owned */
    char *exec_label, *file_label; /* what args has of these, or NULL; owned */
    char console[64];           /* the caller's terminal, where the jail gets one */
    pid_t parent;               /* ours when we began */
    int channel, pidfd;         /* to the jail's first process; owned, -1: none yet */
    pid_t pid;                  /* its pid, as we see it */
    int64_t born[2];            /* between these two it was cloned, CLOCK_BOOTTIME in ms */
    bool failed, started;       /* what it has said of itself */
};

/* Print "bwrap: " and text, which needs no line's end. Returns the exit status, 1. */
int bwrap_refuse(const struct bwrap_run *run, const char *text);

/* The same with the text of error, -errno, behind it. */
int bwrap_refuse_errno(const struct bwrap_run *run, const char *what, int error);

/* Once the command line has been taken apart: what goes together (bwrap(1)), what descriptors, paths and variables are on
 * this host, which namespaces there are to be. Fills run->enter. 0, or the exit status with a message printed. */
int bwrap_resolve(struct bwrap_run *run);

/* Hold what has been resolved to run->ceilings, and have the plan carry out what they add. 0, or the exit status with a
 * message printed. */
int bwrap_bound(struct bwrap_run *run);

/* Find what the policy that ceilings came to puts on the command beside its options, and get it ready: a filter, Landlock,
 * limits. The policy must live as long as run. 0, or -errno with a message in why, which may hold notes otherwise. */
int bwrap_fences_find(struct bwrap_run *run, const struct policy *policy, struct buf *why);

/* Put the jail's first process under the limits; it must not go on before. 0, or -errno with a message in why. */
int bwrap_limits_attach(struct bwrap_run *run, struct buf *why);

/* How long the command may run yet, in ms as poll(2) takes them: -1: for ever. */
int bwrap_time_left(const struct bwrap_run *run);

/* Make the jail's first process, in its namespaces or below those that were given; returns in the monitor alone. Fills
 * channel, pidfd, pid and born. 0, or the exit status with a message printed. */
int bwrap_clone(struct bwrap_run *run);

/* Tell who wants to know, register the jail, give up what is needed no more, and wait. Returns the exit status. */
int bwrap_serve(struct bwrap_run *run);

/* If --die-with-parent asks for it: have the kernel kill us when run->parent ends, and end if it has already (prctl(2),
 * PR_SET_PDEATHSIG). 0 or -errno. */
int bwrap_follow_parent(const struct bwrap_run *run);

#endif
