/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_JAIL_DEV_H
#define AGENTJAIL_JAIL_DEV_H

enum { DEV_STEPS = 9 };

/* Fill the tmpfs mounted at dev (O_PATH) with the nodes that every program may expect, links, shm and a devpts of the
 * jail's own: one step, from 0 to DEV_STEPS - 1, in order. 0 or -errno. */
int dev_fill(int dev, unsigned step);

#endif
