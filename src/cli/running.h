/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the modes about running jails have in common: which there are, and what the kernel says of them. */
#ifndef AGENTJAIL_CLI_RUNNING_H
#define AGENTJAIL_CLI_RUNNING_H

#include "base/json.h"
#include "profile/request.h"
#include "registry/jails.h"
#include "registry/processes.h"

/* The jails this call may see. 0, or the exit status for main, said why. */
int running_find(const struct policy_request *request, struct jails *ret);

/* As running_find, and the one that the mode's argument names (1 if there is none such); it lives as long as the list. */
int running_find_one(const struct policy_request *request, struct jails *ret, const struct jail **ret_jail);

/* What is in a jail at one moment. */
struct running {
    size_t processes; /* of the command: without init */
    uint64_t memory;  /* bytes */
    bool memory_exact; /* the control group's, else the sum of what each process has in memory, shared pages repeatedly */
    uint64_t cpu_ms;  /* used by what runs now */
    const char *state; /* running, frozen, stopped (its monitor, or all its processes), ending (init is gone) */
};

/* Measure the i-th jail; the processes were assigned to the list's inits, in order. */
struct running running_measure(const struct jails *list, size_t i, const struct processes *all);

/* All processes, assigned to the jails. 0 or -errno. */
int running_processes(const struct jails *list, struct processes *ret);

/* Remove what killed monitors of this user's have left: entries, sockets, control groups. now: some may have been killed since
 * the list was made. */
void running_sweep(const struct jails *list, bool now);

/* The end of a mode that changes running jails: with --json what j, an open array, says of each goes to standard output.
 * r: the result so far; status: the exit status if that can be written. Returns the exit status. */
int running_answer(const struct policy_request *request, struct json *j, int r, int status);

#endif
