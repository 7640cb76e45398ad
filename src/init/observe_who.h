/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which process a thread is of and what that runs, remembered: to read it takes longer than all else that a file's opening
 * is told with. A thread is known by a pidfd, so that its number may come again; a process in which somebody is within an
 * execve(2) is not remembered, nor what was known of it before. Internal to this folder. */
#ifndef AGENTJAIL_INIT_OBSERVE_WHO_H
#define AGENTJAIL_INIT_OBSERVE_WHO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/guard_asker.h"

enum { WHO_MAX = 16, WHO_RUNS_MAX = 32, WHO_EXE_MAX = 512 };

struct who {
    struct {
        uint32_t thread; /* 0: the place is free */
        int pidfd;       /* of the thread */
        pid_t process;
        char exe[WHO_EXE_MAX];
    } known[WHO_MAX];
    unsigned next; /* place for the next one */
    struct {
        uint32_t thread; /* who has called execve(2) and was not seen since; 0: the place is free */
        pid_t process;
    } runs[WHO_RUNS_MAX];
    bool full; /* more did at a time: nobody is remembered any more */
};

/* Find a->process and what it runs, which ret_exe has then; "" if that cannot be read. */
void observe_who(struct who *w, struct asker *a, char ret_exe[static PATH_MAX]);

/* The asker calls execve(2). */
void observe_who_runs(struct who *w, struct asker *a);

/* A program of the asker's process has begun, or so it says. */
void observe_who_begun(struct who *w, struct asker *a);

/* The call was nobody's: what was found for that thread may be another's. */
void observe_who_forget(struct who *w, uint32_t thread);

#endif
