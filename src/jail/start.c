/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/start.h"

#include "base/fence_switch.h"
#include "lockdown/landlock.h"

bool jail_restricts_files(const struct jail_start *start)
{
    return landlock_has_files(start->landlock_abi) && !start->policy->nested && fence_on(FENCE_LANDLOCK_FILES);
}
