/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one thread is doing, from its status file in /proc (proc_pid_status(5)). */
#ifndef AGENTJAIL_INIT_THREAD_STATE_H
#define AGENTJAIL_INIT_THREAD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread_state {
    char state;           /* R, S, D, T, t, Z, X, I ... */
    bool stop_pending;    /* a SIGSTOP waits for its process */
    uint64_t switches;    /* how often it has left a processor: who has the same number has not run in between */
};

/* Read it from the text of a status file, NUL-terminated. False if a line that we need is missing: cut off, or no such
 * file. The name in it is the thread's own choice; the kernel escapes line feeds there. */
bool thread_state_parse(const char *text, struct thread_state *ret);

#endif
