/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests prove that each fence stops its attack by switching just that fence off. Only the test build can: everywhere
 * else fence_on() is the constant true and no environment variable is read. */
#ifndef AGENTJAIL_BASE_FENCE_SWITCH_H
#define AGENTJAIL_BASE_FENCE_SWITCH_H

#include <stdbool.h>

enum fence_name {
    FENCE_USERNS2,
    FENCE_CAPS,
    FENCE_NO_NEW_PRIVS,
    FENCE_SECCOMP,
    FENCE_LANDLOCK_FILES,
    FENCE_LANDLOCK_NET,
    FENCE_LANDLOCK_SCOPE,
    FENCE_PROC_MASKS,
    FENCE_PIDNS,
    FENCE_IPCNS,
    FENCE_NETNS,
    FENCE_UTSNS,
    FENCE_CGROUPNS,
    FENCE_FDS,
    FENCE_STDIO,
    FENCE_PTY,
    FENCE_ANSI,
    FENCE_ENV,
    FENCE_NOEXEC,
    FENCE_READ_ONLY,
    FENCE_NODEV,
    FENCE_MASKS,
    FENCE_PINS,
    FENCE_OWN_MASKS,
    FENCE_DUMPABLE,
    FENCE_SYMLINKS,
    FENCE_WATCH,
    FENCE_WATCH_NAMES,
    FENCE_HOST_ROOT,
    FENCE_FREEZER,
    FENCE_RLIMITS,
    FENCE_LABEL,
    FENCE_CONTROL_PEER,
    FENCE_GUARD,
    FENCE_ANSWER,
    FENCE_DNS,
    FENCE_HEADS,
    FENCE_SLOW_HEADS,
    FENCE_SPAWN,
    FENCE_MEMORY,
    FENCE_SOCKETS,
    FENCE_NAMES,
};

#ifdef AGENTJAIL_TEST_FENCES
/* False if AGENTJAIL_TEST_OFF, a comma-separated list, names the fence. */
bool fence_on(enum fence_name fence);
#else
/* In all that is installed every fence is on, and nothing can say otherwise. */
static inline bool fence_on(enum fence_name fence)
{
    (void)fence;
    return true;
}
#endif

#endif
