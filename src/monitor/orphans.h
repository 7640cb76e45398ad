/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who reaps the jail's init when the monitor has gone before it: the process 1 of our pid namespace, which in a container may
 * be any program that never heard of other processes' children. */
#ifndef AGENTJAIL_MONITOR_ORPHANS_H
#define AGENTJAIL_MONITOR_ORPHANS_H

#include <stdbool.h>

/* True if the process whose /proc/PID/status (proc_pid_status(5)) is text heeds SIGCHLD: catches it, blocks it to take it by
 * sigwait(3) or signalfd(2), or ignores it, which makes the kernel reap. And it is none of the runtimes that catch it for
 * the children of their own only. */
bool orphans_heeded(const char *text);

/* True if the process 1 that we see is known not to reap: it does not heed SIGCHLD, and a jail's init of an earlier call is
 * its dead child, and began some seconds ago. Takes 20 us, or some hundred where the first holds. */
bool orphans_pile_up(void);

#endif
