/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fence_switch.h"

#ifdef AGENTJAIL_TEST_FENCES

#include <stdlib.h>
#include <string.h>

static const char *const names[FENCE_NAMES] = {
    [FENCE_USERNS2] = "userns2",
    [FENCE_CAPS] = "caps",
    [FENCE_NO_NEW_PRIVS] = "no-new-privs",
    [FENCE_SECCOMP] = "seccomp",
    [FENCE_LANDLOCK_FILES] = "landlock-files",
    [FENCE_LANDLOCK_NET] = "landlock-net",
    [FENCE_LANDLOCK_SCOPE] = "landlock-scope",
    [FENCE_PROC_MASKS] = "proc-masks",
    [FENCE_PIDNS] = "pidns",
    [FENCE_IPCNS] = "ipcns",
    [FENCE_NETNS] = "netns",
    [FENCE_UTSNS] = "utsns",
    [FENCE_CGROUPNS] = "cgroupns",
    [FENCE_FDS] = "fds",
    [FENCE_STDIO] = "stdio",
    [FENCE_PTY] = "pty",
    [FENCE_ANSI] = "ansi",
    [FENCE_ENV] = "env",
    [FENCE_NOEXEC] = "noexec",
    [FENCE_READ_ONLY] = "read-only",
    [FENCE_NODEV] = "nodev",
    [FENCE_MASKS] = "masks",
    [FENCE_PINS] = "pins",
    [FENCE_OWN_MASKS] = "own-masks",
    [FENCE_DUMPABLE] = "dumpable",
    [FENCE_SYMLINKS] = "symlinks",
    [FENCE_WATCH] = "watch",
    [FENCE_WATCH_NAMES] = "watch-names",
    [FENCE_HOST_ROOT] = "host-root",
    [FENCE_FREEZER] = "freezer",
    [FENCE_RLIMITS] = "rlimits",
    [FENCE_LABEL] = "label",
    [FENCE_CONTROL_PEER] = "control-peer",
    [FENCE_GUARD] = "guard",
    [FENCE_ANSWER] = "answer",
    [FENCE_DNS] = "dns",
    [FENCE_HEADS] = "heads",
    [FENCE_SLOW_HEADS] = "slow-heads",
    [FENCE_SPAWN] = "spawn",
    [FENCE_MEMORY] = "memory",
    [FENCE_SOCKETS] = "sockets",
};

bool fence_on(enum fence_name fence)
{
    const char *off = getenv("AGENTJAIL_TEST_OFF");
    size_t len = strlen(names[fence]);

    while (off && *off) {
        size_t word = strcspn(off, ",");
        if (word == len && strncmp(off, names[fence], len) == 0)
            return false;
        off += word;
        off += *off == ',';
    }
    return true;
}

#else

typedef int fence_switch_is_test_only;

#endif
