/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_JAIL_TERMINAL_H
#define AGENTJAIL_JAIL_TERMINAL_H

/* Make the caller (init) a session leader whose controlling terminal is a pty of the jail's own devpts at /dev/pts, so that
 * ttyname(3) works inside. *ret_ptmx is its master, *ret_slave its slave, both O_CLOEXEC and owned by the caller. 0 or
 * -errno. */
int jail_terminal_open(int *ret_ptmx, int *ret_slave);

#endif
