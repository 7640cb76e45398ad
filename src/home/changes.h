/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the host's files a jail has changed: by a walk over the trees that it could write, once it has ended. Names are
 * the payload's and so are links: nothing is followed, and nothing but names and times is looked at. */
#ifndef AGENTJAIL_HOME_CHANGES_H
#define AGENTJAIL_HOME_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "plan/plan.h"

/* Bounds of a walk. */
struct changes_limits {
    uint64_t entries;
    int64_t ms;
};

#define CHANGES_LIMITS ((struct changes_limits){ .entries = 500000, .ms = 150 })

/* Does operation i show a tree or file of the host's that the jail may write, in none that one before it shows? */
bool changes_tree(const struct plan *plan, size_t i);

/* Append "N files changed: a, b and M more" when there are some whose status changed at or after since (ns since 1970),
 * names relative to workspace (may be NULL) where they lie in it, safe for a terminal. .git, node_modules and the like count
 * as one name with the number of their files. A second line, "something was removed from: a, .", names directories that changed
 * without anything new in them: what is gone cannot be counted, and where something came, too, it cannot be told. A walk that
 * comes to a limit says so. 0 or -ENOMEM. */
int changes_print(const struct plan *plan, const char *workspace, int64_t since, struct changes_limits limits, struct buf *out);

#endif
