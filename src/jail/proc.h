/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_JAIL_PROC_H
#define AGENTJAIL_JAIL_PROC_H

#include <stdbool.h>

/* Mount a fresh procfs of the caller's pid namespace at target (O_PATH). 0 or -errno (-EPERM: the host's own /proc is
 * partly covered, as in containers, and the kernel then allows no fresh one). */
int proc_mount(int target);

/* Below the procfs mounted at proc (O_PATH): what acts on the whole kernel becomes read-only, what tells of it is
 * covered (KERNEL-FACTS 7: as uid 0 core_pattern was written without any capability). as_root: the user is uid 0 of the
 * host. 0 or -errno. */
int proc_mask(int proc, bool as_root);

/* The same as bubblewrap means to do it: sys, sysrq-trigger, irq and bus become read-only where the caller could write.
 * 0 or -errno. */
int proc_cover(int proc);

#endif
