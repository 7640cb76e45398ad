/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/monitor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "bwrap/descriptors.h"
#include "bwrap/message.h"
#include "bwrap/status.h"
#include "ipc/channel.h"
#include "lockdown/caps.h"
#include "monitor/confine.h"
#include "sys/fds.h"
#include "sys/syscalls.h"

#define STATUS_TIMEOUT 124 /* as in a jail of agentjail's own command line */

static bool on(const struct bwrap_run *run, unsigned bits)
{
    return run->args.switches & bits;
}

/* Beside the command's start: failing here is nobody's business. */
static void register_jail(struct bwrap_run *run)
{
    static const char *const profile = "bwrap";
    char runtime[PATH_MAX], state[PATH_MAX];
    const char *base = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME"), *state_home = getenv("XDG_STATE_HOME");
    bool has_state = (state_home && state_home[0] == '/') || (home && home[0] == '/');
    if (base && base[0] == '/')
        snprintf(runtime, sizeof(runtime), "%s/agentjail", base);
    else
        snprintf(runtime, sizeof(runtime), "/run/user/%u/agentjail", (unsigned)run->enter.real_uid);
    if (state_home && state_home[0] == '/')
        snprintf(state, sizeof(state), "%s/agentjail", state_home);
    else if (has_state)
        snprintf(state, sizeof(state), "%s/.local/state/agentjail", home);

    struct registry_facts facts = {
        .monitor = getpid(),
        .init = run->pid,
        .lone = !bwrap_has_init(&run->enter),
        .born = { run->born[0], run->born[1] },
        .profile = profile,
        .network = on(run, BWRAP_UNSHARE_NET) ? "none" : "host",
        .command = run->args.command,
        .cgroup = run->cgroup.path,
    };
    bool named = run->registry.id[0] || registry_name(&run->registry) >= 0;
    if (named && registry_add(&run->registry, runtime, has_state ? state : NULL, &facts) >= 0)
        registry_sweep(&run->registry);
}

/* Say who it is, and let it map its users. 0, or the exit status. */
static int tell_outside(struct bwrap_run *run)
{
    const struct bwrap_args *a = &run->args;
    static const enum bwrap_fd fds[] = { BWRAP_FD_INFO, BWRAP_FD_JSON_STATUS };
    for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
        _cleanup_buf_ struct buf text = { 0 };
        int fd = a->fds[fds[i]];
        if (fd < 0)
            continue;
        int r = status_child(run->pid, run->enter.made, fds[i] == BWRAP_FD_INFO, &text);
        if (r >= 0)
            r = status_write(fd, &text);
        if (r < 0)
            return bwrap_refuse_errno(run, "Write to info_fd", r);
        if (fds[i] == BWRAP_FD_INFO)
            bwrap_descriptor_drop(fd);
    }
    if (a->fds[BWRAP_FD_USERNS_BLOCK] >= 0) {
        char byte;
        while (read(a->fds[BWRAP_FD_USERNS_BLOCK], &byte, 1) < 0 && errno == EINTR)
            ;
    }
    struct message m = { .kind = MSG_GO };
    if (run->enter.looked_at || run->enter.limited)
        channel_send(run->channel, &m, -1); /* a process that is gone shows below */
    return 0;
}

int bwrap_follow_parent(const struct bwrap_run *run)
{
    if (!on(run, BWRAP_DIE_WITH_PARENT))
        return 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -errno;
    return getppid() == run->parent ? 0 : raise(SIGKILL);
}

/* From here on we need little. Descriptors that the caller left open are the command's alone. */
static int give_up_power(struct bwrap_run *run)
{
    int keep[] = { run->channel, run->pidfd, run->registry.dir, run->registry.entry,
                   run->args.fds[BWRAP_FD_JSON_STATUS], run->cgroup.dir, run->cgroup.above };
    int r = fds_close_others(STDERR_FILENO + 1, keep, ELEMENTSOF(keep));
    if (r < 0)
        return r;
    r = caps_set(0);
    if (r < 0 && r != -EPERM)
        return r;
    r = bwrap_follow_parent(run); /* once more: a user namespace that was joined has changed what we are */
    return r < 0 || !fence_on(FENCE_DUMPABLE) ? r : monitor_confine();
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 255;
}

/* Wait until fd has something, and end everything when the time is over. */
static void wait_within_time(struct bwrap_run *run, int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int left;
    while (!run->timed_out && (left = bwrap_time_left(run)) >= 0) {
        int n = left ? poll(&p, 1, left) : 0;
        if (n > 0 || (n < 0 && errno != EINTR))
            return;
        if (n < 0 || left)
            continue; /* it is looked at again */
        run->timed_out = true;
        bwrap_say(&run->args, "the time limit is reached; the command is ended");
        sys_pidfd_send_signal(run->pidfd, SIGKILL);
    }
}

/* Hear what becomes of the command; the exit status once it is known. A command that needs no init closes the channel by
 * being executed. */
static int await(struct bwrap_run *run)
{
    for (;;) {
        struct message m;
        _cleanup_close_ int fd = -1;
        wait_within_time(run, run->channel);
        int status, r = channel_receive(run->channel, &m, &fd);
        if (r >= 0 && m.kind == MSG_STARTED) {
            run->started = true;
        } else if (r >= 0 && m.kind == MSG_EXITED && run->started) {
            return status_of((int)m.value);
        } else if (r >= 0 && (m.kind == MSG_FAILED || m.kind == MSG_NOEXEC)) {
            if (m.text[0]) /* what init says of itself; the rest has said it */
                bwrap_say(&run->args, m.text);
            run->failed = true;
        } else {
            run->started = !run->failed && r == -EPIPE;
            wait_within_time(run, run->pidfd);
            while (waitpid(run->pid, &status, 0) < 0)
                if (errno != EINTR)
                    return 255;
            return run->timed_out ? STATUS_TIMEOUT : run->failed ? 1 : status_of(status);
        }
    }
}

/* Before it may start anything: it waits for us. 0, or the exit status. */
static int limit(struct bwrap_run *run)
{
    _cleanup_buf_ struct buf why = { 0 };
    int r = bwrap_limits_attach(run, &why);
    if (why.len)
        bwrap_say(&run->args, why.data);
    return r < 0 ? 1 : 0;
}

int bwrap_serve(struct bwrap_run *run)
{
    int status = limit(run);
    if (status == 0)
        status = tell_outside(run);
    if (status != 0) {
        sys_pidfd_send_signal(run->pidfd, SIGKILL); /* it waits for us */
        cgroup_remove(&run->cgroup);
        return status;
    }
    register_jail(run);
    int r = give_up_power(run);
    if (r < 0) {
        sys_pidfd_send_signal(run->pidfd, SIGKILL);
        return bwrap_refuse_errno(run, "the monitor cannot confine itself", r);
    }
    status = await(run);
    if (cgroup_was_oom(&run->cgroup))
        bwrap_say(&run->args, "the memory limit was reached and a process was killed");
    cgroup_remove(&run->cgroup);
    registry_remove(&run->registry);
    _cleanup_buf_ struct buf text = { 0 };
    int fd = run->args.fds[BWRAP_FD_JSON_STATUS];
    if (fd >= 0 && run->started && status_exit(status, &text) >= 0)
        status_write(fd, &text); /* nobody may be there to read it */
    return status;
}
