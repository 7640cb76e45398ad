/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of this host at one moment, and which of them are in a jail: those below its init, as every orphan in a
 * pid namespace becomes a child of that namespace's init (pid_namespaces(7)). From /proc alone, so that it works whatever
 * state the jail's monitor is in. */
#ifndef AGENTJAIL_REGISTRY_PROCESSES_H
#define AGENTJAIL_REGISTRY_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

#define PROCESS_NO_ROOT SIZE_MAX

struct process {
    pid_t pid, parent;
    char state;        /* as proc(5) says: R, S, D, T, Z, ... */
    uint64_t start;    /* clock ticks after boot */
    uint64_t memory;   /* resident, bytes */
    uint64_t cpu;      /* used, clock ticks */
    size_t root;       /* processes_assign(): which of the roots it is below or is */
    bool known;        /* internal to processes_assign() */
};

struct processes {
    struct process *v; /* by pid */
    size_t n, size;
};

/* Take the text of /proc/PID/stat apart (proc_pid_stat(5)); the program's name in it may hold anything. 0 or -EINVAL. */
int process_parse(const char *stat, struct process *ret);

/* One process. 0, -ESRCH if it is gone, or another -errno. */
int process_read(pid_t pid, struct process *ret);

/* The user a process belongs to, and its pid as its own pid namespace counts it (either may be NULL), from
 * /proc/PID/status. 0 or -errno. */
int process_status(pid_t pid, uid_t *ret_uid, pid_t *ret_inside);

/* All that /proc shows. 0 or -errno. */
int processes_load(struct processes *ret);

/* Set every process's root: the index of its nearest ancestor, or itself, among the roots; else PROCESS_NO_ROOT. */
void processes_assign(struct processes *list, const pid_t *roots, size_t n);

/* The process of that pid, or NULL. */
struct process *processes_find(const struct processes *list, pid_t pid);

/* Release what the list holds and make it empty. */
void processes_free(struct processes *list);

#define _cleanup_processes_ _cleanup_(processes_free)

#endif
