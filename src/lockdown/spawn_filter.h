/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A filter of the payload's by which its first program stays its only one ([exec] spawn = no), or none is run that lies in
 * memory ([exec] allow). */
#ifndef AGENTJAIL_LOCKDOWN_SPAWN_FILTER_H
#define AGENTJAIL_LOCKDOWN_SPAWN_FILTER_H

#include <stdint.h>

/* Load it on the calling thread: execve(2) and execveat(2) of every architecture give EACCES from then on, but for an execve(2)
 * whose fourth and fifth register hold first, which should be random (lockdown/first_exec.h). Needs no_new_privs. 0 or -errno.
 * Irreversible. */
int spawn_filter_load(const uint64_t first[2]);

/* Load one by which memfd_create(2) gives ENOSYS, as on kernels without, but for memory that execve(2) never runs
 * (MFD_NOEXEC_SEAL; Linux 6.3; mapping it as code stays possible): no mount and no Landlock rule applies to it. 0 or -errno.
 * Irreversible. */
int memory_filter_load(void);

#endif
