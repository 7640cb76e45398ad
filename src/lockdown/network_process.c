/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. We are PID 1 of a pid namespace of our own and uid 0 of a user namespace of our own, with every
 * capability in it, in the host's mount and network namespaces. In order:
 *
 *  1. not dumpable: no core, and no process of the user's, in a jail or outside, can trace us: our image was executed in
 *                  the user namespace of whoever started us.
 *  2. view      a mount namespace of our own whose root is an empty, read-only directory. Needs the capabilities.
 *  3. caps      all sets and the bounding set.
 *  4. Landlock  no file; TCP connections to the ports listed only; no abstract socket, no signal.
 *  5. rlimits   no file of any size, no process, no core.
 *  6. seccomp   the calls listed; of sockets, TCP and UDP over IPv4 and IPv6 only: the host's network namespace has
 *               abstract Unix sockets and netlink in it; no connection by TCP fast open, which 4 does not hold.
 *
 * What is lost where the kernel lacks Landlock or its newer parts: the choice of ports. Files are out of reach by 2 and 6,
 * too. */
#include "lockdown/network_process.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "lockdown/caps.h"
#include "lockdown/landlock.h"
#include "lockdown/seccomp.h"
#include "sys/syscalls.h"

/* pivot_root(2), "pivot_root(".", ".")": the old root lies on top of the new one, and goes. */
static int empty_view(void)
{
    if (unshare(CLONE_NEWNS) < 0)
        return -errno;
    int r = sys_mount(NULL, "/", NULL, SYS_MS_REC | SYS_MS_PRIVATE, NULL);
    if (r >= 0)
        r = sys_mount("none", "/proc", "tmpfs", SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC | SYS_MS_RDONLY,
                      "mode=0,size=4k");
    if (r < 0)
        return r;
    if (chdir("/proc") < 0)
        return -errno;
    r = sys_pivot_root(".", ".");
    if (r >= 0)
        r = sys_umount(".", SYS_MNT_DETACH);
    return r < 0 ? r : chdir("/") < 0 ? -errno : 0;
}

static int limit(void)
{
    static const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
        { RLIMIT_FSIZE, 0 }, { RLIMIT_NPROC, 0 }, { RLIMIT_CORE, 0 }, { RLIMIT_MEMLOCK, 0 }, { RLIMIT_MSGQUEUE, 0 },
    };
    for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
        struct rlimit l = { .rlim_cur = limits[i].limit, .rlim_max = limits[i].limit };
        if (setrlimit(limits[i].resource, &l) < 0)
            return -errno;
    }
    return 0;
}

int network_process_confine(const int *calls, size_t n_calls, const uint16_t *ports, size_t n_ports, const char **ret_what)
{
    int r;
#define STEP(call, name)    \
    do {                    \
        *ret_what = name;   \
        r = (call);         \
        if (r < 0)          \
            return r;       \
    } while (0)

    STEP(fence_on(FENCE_DUMPABLE) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0, "dumpable");
    STEP(empty_view(), "an empty mount namespace");
    STEP(caps_drop_all(), "capabilities");
    STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0, "no_new_privs");
    STEP(landlock_enter_network(landlock_abi(), ports, n_ports), "Landlock");
    STEP(limit(), "resource limits");
    STEP(seccomp_confine_network(calls, n_calls), "the system call filter");
#undef STEP
    return 0;
}
