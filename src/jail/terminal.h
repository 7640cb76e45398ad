/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_JAIL_TERMINAL_H
#define AGENTJAIL_JAIL_TERMINAL_H

/* Make the caller (init) a session leader whose controlling terminal is the slave of ptmx, a master of the jail's own
 * devpts at /dev/pts, so that ttyname(3) works inside. *ret_slave is the slave, O_CLOEXEC, owned by the caller. 0 or
 * -errno. */
int jail_terminal_open(int ptmx, int *ret_slave);

#endif
