/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One operation of a view that is in use, done again. */
#ifndef AGENTJAIL_JAIL_VIEW_MEND_H
#define AGENTJAIL_JAIL_VIEW_MEND_H

#include <stddef.h>

#include "plan/plan.h"

/* In the finished view (the caller's root directory), do the plan's watched operation of that index again over what is now
 * at its target, after the host has made the kernel drop the mount that was there. 0 or -errno, -ENOENT: nothing is
 * there. */
int view_mend(const struct plan *plan, size_t index);

#endif
