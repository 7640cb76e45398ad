/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits of the payload.
 *
 * RLIMIT_CORE = 0: a core file would go to a core_pattern pipe, which runs on the host with the host's rights, or
 * into the workspace with whatever secrets the process held. RLIMIT_RTPRIO and RLIMIT_NICE = 0: a user in a
 * real-time group must not let an agent take the CPUs.
 *
 * RLIMIT_NPROC holds the limit on processes: set inside the payload's user namespace it counts that namespace's
 * tasks and those of namespaces below it. The kernel spares root (uid 0 of the host) from it, so root's jails need
 * the control group.
 *
 * There is no stand-in for memory: RLIMIT_AS and RLIMIT_DATA count addresses, not pages, and one process, not the
 * jail; they stop Node, Go, Java and sanitizers long before memory runs short, and no fork bomb. Nor is there one
 * for cpu. */
#include "lockdown/rlimits.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"

static int set_limit(int resource, rlim_t value)
{
    /* Never above what we were given. */
    struct rlimit old;
    if (getrlimit(resource, &old) < 0)
        return -errno;
    if (value > old.rlim_max)
        value = old.rlim_max;
    struct rlimit limit = { .rlim_cur = value, .rlim_max = value };
    return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

int rlimits_apply(const struct policy *policy)
{
    if (!fence_on(FENCE_RLIMITS))
        return 0;
    static const int always_zero[] = { RLIMIT_CORE, RLIMIT_RTPRIO, RLIMIT_NICE };
    for (size_t i = 0; i < ELEMENTSOF(always_zero); i++) {
        int r = set_limit(always_zero[i], 0);
        if (r < 0)
            return r;
    }
    if (policy->processes.set)
        return set_limit(RLIMIT_NPROC, (rlim_t)policy->processes.value);
    return 0;
}
