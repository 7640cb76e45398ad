/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_JAIL_DEV_H
#define AGENTJAIL_JAIL_DEV_H

/* Fill the tmpfs mounted at dev (O_PATH) with the nodes that every program may expect, links, shm and a devpts of the
 * jail's own. 0 or -errno. */
int dev_fill(int dev);

#endif
