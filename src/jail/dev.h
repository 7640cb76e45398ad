/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_JAIL_DEV_H
#define AGENTJAIL_JAIL_DEV_H

enum { DEV_STEPS = 9 };

/* Fill the tmpfs mounted at dev (O_PATH) with the nodes that every program may expect, links, shm and a devpts of the
 * jail's own: one step, from 0 to DEV_STEPS - 1, in order. 0 or -errno. */
int dev_fill(int dev, unsigned step);

/* The same as bubblewrap does it: shm is a plain directory, core leads to /proc/kcore, and console is the terminal
 * device at that path of the host's (NULL: there is none). 0 or -errno. */
int dev_fill_bubblewrap(int dev, const char *console);

#endif
