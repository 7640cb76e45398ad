/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's own execve(2), where a filter has those of others refused (lockdown/spawn_filter.h), or wait for init: this one
 * cannot, as init waits for it. */
#ifndef AGENTJAIL_LOCKDOWN_FIRST_EXEC_H
#define AGENTJAIL_LOCKDOWN_FIRST_EXEC_H

#include <stdint.h>

#include "ipc/start.h"

/* As execvp(3) with the start's command, environment and its PATH; first: what the filter knows the call by
 * (lockdown/guard_filter.h, lockdown/spawn_filter.h). Returns only if it fails: -errno. */
int first_exec(const struct jail_start *start, const uint64_t first[2]);

#endif
