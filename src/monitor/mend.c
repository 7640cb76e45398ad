/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Init has stopped every process of the jail and holds no capability itself. The monitor made the
 * jail's user namespace, and who made one has all capabilities in it (user_namespaces(7)): a child of the monitor
 * enters it and the jail's mount namespace, mounts, and exits. It runs nothing of the payload's and reads no file of
 * the jail's; the target is resolved without symlinks. */
#include "monitor/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <linux/nsfs.h>

#include "jail/view_mend.h"
#include "sys/syscalls.h"

static int mend_inside(int ns, const struct plan *plan, size_t index)
{
    _cleanup_close_ int user = ioctl(ns, NS_GET_USERNS);
    if (user < 0)
        return -errno;
    if (setns(user, CLONE_NEWUSER) < 0 || setns(ns, CLONE_NEWNS) < 0)
        return -errno;
    return view_mend(plan, index);
}

int mend(int ns, const struct plan *plan, size_t index)
{
    pid_t pid = sys_fork(0, NULL);
    if (pid < 0)
        return pid;
    if (pid == 0)
        _exit(-mend_inside(ns, plan, index));

    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}
