/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_MONITOR_CONFINE_H
#define AGENTJAIL_MONITOR_CONFINE_H

/* Confine the monitor to what it still has to do once the jail is being built: no exec, no new sockets, no TCP, not
 * dumpable; files only as registry and cgroup need them; Landlock as far as the kernel has it. 0 or -errno.
 * Irreversible. */
int monitor_confine(void);

#endif
