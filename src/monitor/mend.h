/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Putting back a mount that the host has detached by renaming over, or removing, the name that it lay on. */
#ifndef AGENTJAIL_MONITOR_MEND_H
#define AGENTJAIL_MONITOR_MEND_H

#include <stddef.h>

#include "plan/plan.h"

/* In the mount namespace of a frozen jail (ns: its fd), do the plan's operation again over what the host has put at its
 * target. In a child: the caller's namespaces stay. 0, -ENOENT when the host has left nothing there to mount on, or
 * another -errno. */
int mend(int ns, const struct plan *plan, size_t index);

#endif
