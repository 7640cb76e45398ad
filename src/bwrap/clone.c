/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "sys/syscalls.h"

static int64_t boot_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int explain_clone(const struct bwrap_run *run, int error)
{
    if (run->enter.wanted & CLONE_NEWUSER && error == -EINVAL)
        return bwrap_refuse(run, "Creating new namespace failed, likely because the kernel does not support user namespaces.");
    if (run->enter.wanted & CLONE_NEWUSER && error == -EPERM)
        return bwrap_refuse(run, "No permissions to create a new namespace, likely because the kernel does not allow "
                           "non-privileged user namespaces. agentjail --doctor tells what to do.");
    if (error == -ENOSPC)
        return bwrap_refuse(run, "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded "
                           "(ENOSPC)");
    return bwrap_refuse_errno(run, "Creating new namespace failed", error);
}

static int join_namespaces(struct bwrap_run *run)
{
    int user = run->args.fds[BWRAP_FD_USERNS], pid = run->args.fds[BWRAP_FD_PIDNS];
    if (user >= 0 && setns(user, CLONE_NEWUSER) < 0)
        return errno == EINVAL ? bwrap_refuse(run, "Joining the specified user namespace failed, it might not be a descendant "
                                             "of the current user namespace.")
                               : bwrap_refuse_errno(run, "Joining specified user namespace failed", -errno);
    if (pid >= 0 && setns(pid, CLONE_NEWPID) < 0)
        return bwrap_refuse_errno(run, "Setting pidns failed", -errno);
    return 0;
}

static void enter(struct bwrap_run *run, int channel)
{
    close(run->channel);
    run->enter.channel = channel;
    bwrap_enter(&run->enter);
}

static pid_t pid_of(int pidfd)
{
    _cleanup_buf_ struct buf text = { 0 };
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    const char *line = buf_read_file(&text, AT_FDCWD, path, 4096) < 0 || !text.data ? NULL : strstr(text.data, "Pid:");
    long pid = line ? strtol(line + strlen("Pid:"), NULL, 10) : 0;
    return pid > 0 && pid <= INT_MAX ? (pid_t)pid : -ESRCH;
}

/* A pid namespace below one that was given can be made only from within it: by a process between us, whose child is ours
 * (CLONE_PARENT) and known to us by its pidfd. */
static pid_t clone_below(struct bwrap_run *run, uint64_t flags, int channel)
{
    int pidfd = -1;
    pid_t between = sys_fork(0, NULL);
    if (between == 0) {
        struct message m = { .kind = MSG_READY };
        pid_t pid = sys_fork(flags | CLONE_PARENT, &pidfd);
        if (pid == 0)
            enter(run, channel);
        m.code = pid < 0 ? pid : 0;
        _exit(channel_send(channel, &m, pid < 0 ? -1 : pidfd) < 0 ? 1 : 0);
    }
    if (between < 0)
        return between;

    struct message m;
    int r = channel_receive(run->channel, &m, &run->pidfd);
    waitpid(between, NULL, 0);
    if (r < 0)
        return r;
    return run->pidfd < 0 ? (m.code < 0 ? m.code : -EBADMSG) : pid_of(run->pidfd);
}

int bwrap_clone(struct bwrap_run *run)
{
    struct bwrap_enter *e = &run->enter;
    int channel;
    int r = channel_pair(&run->channel, &channel);
    if (r < 0)
        return bwrap_refuse_errno(run, "no channel to the new process", r);
    int status = join_namespaces(run);
    if (status != 0)
        return status;
    e->made = e->wanted & (e->looked_at ? e->wanted : (uint64_t)(CLONE_NEWUSER | CLONE_NEWPID));
    run->born[0] = boot_ms();
    if (run->args.fds[BWRAP_FD_PIDNS] >= 0 && e->made & CLONE_NEWPID) {
        run->pid = clone_below(run, e->made, channel);
    } else {
        run->pid = sys_fork(e->made, &run->pidfd);
        if (run->pid == 0)
            enter(run, channel);
    }
    run->born[1] = boot_ms();
    close(channel);
    return run->pid < 0 ? explain_clone(run, run->pid) : 0;
}
