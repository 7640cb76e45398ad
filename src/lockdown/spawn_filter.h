/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A filter of the payload's by which its first program stays its only one ([exec] spawn = no). */
#ifndef AGENTJAIL_LOCKDOWN_SPAWN_FILTER_H
#define AGENTJAIL_LOCKDOWN_SPAWN_FILTER_H

#include <stdint.h>

/* Load it on the calling thread: execve(2) and execveat(2) of every architecture give EACCES from then on, but for an execve(2)
 * whose fourth and fifth register hold first, which should be random (lockdown/first_exec.h). Needs no_new_privs. 0 or -errno.
 * Irreversible. */
int spawn_filter_load(const uint64_t first[2]);

#endif
