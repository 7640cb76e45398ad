/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Who may look into a process that is not dumpable is decided by capabilities over the user namespace in
 * which its program was executed (ptrace(2), "mm->user_ns" in the kernel). A user namespace belongs to whoever has made it,
 * who has every capability over it: had the program been executed in the namespace of its own, each process of the user's
 * could still trace it. So it is executed in the monitor's, over which no process of the user's has any, and takes these
 * steps itself:
 *
 *  1. namespaces   user and pid; the ids are mapped while it is still dumpable, as /proc/self/uid_map is root's after that.
 *  2. dumpable     not any more. It has read nothing yet.
 *  3. a process    that is in the pid namespace, as the caller itself cannot be. It keeps the memory's user namespace. The
 *                  monitor becomes its parent, to be told of its end and to end it; it stays in the caller's process group,
 *                  by which the monitor knows it. */
#include "gateway/enter.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "sys/syscalls.h"
#include "sys/userns.h"

int gateway_enter(const char **ret_what)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    *ret_what = "namespaces";
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
        return -errno;
    int r = userns_map(0, uid, 0, gid);
    if (r < 0)
        return r;
    *ret_what = "dumpable";
    if (fence_on(FENCE_DUMPABLE) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -errno;
    *ret_what = "a process";
    pid_t pid = sys_fork(CLONE_PARENT, NULL);
    if (pid > 0)
        _exit(0);
    if (pid < 0)
        return pid;
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0; /* fork(2) clears it; an end before closes our channel */
}
