/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. We have every capability in the user namespace that owns the jail's mounts (none was made: those of
 * the caller), and are what will be the command. no_new_privs is on since the program started. In order:
 *
 *  1. user namespace   --userns2, or the inner one: made when the jail's own had to map uid 0, or to hold
 *                      --disable-userns.
 *  2. capabilities     bounding set and all others become what --cap-add and --cap-drop come to: nothing, as a rule.
 *  3. host            wait until its tree is gone (jail/namespaces.c): a path with ".." could lead there until then.
 *  4. asserted         no further user namespace can be made, if that was asked: as the command would try. Before 3 the
 *                      kernel refuses one to anybody, for our root is not the mount namespace's yet (clone(2), EPERM).
 *  5. directory, label.
 *  6. die with parent  for the process that becomes the command; its maker did so as soon as it was there.
 *  7. ceilings         of an administrator's, where they bound this: the number of processes, Landlock's scopes, a filter.
 *  8. seccomp          the caller's programs; the last one may forbid everything above.
 *  9. execve. */
#include "bwrap/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "base/own_stack.h"
#include "bwrap/message.h"
#include "init/init.h"
#include "ipc/channel.h"
#include "lockdown/caps.h"
#include "filter/program.h"
#include "lockdown/label.h"
#include "lockdown/landlock.h"
#include "lockdown/payload.h"
#include "lockdown/rlimits.h"
#include "lockdown/seccomp.h"
#include "lockdown/settle.h"

ON_OWN_STACK _Noreturn void bwrap_die(struct bwrap_enter *e, int error, const char *format, ...)
{
    _cleanup_buf_ struct buf text = { 0 };
    char line[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    struct message m = { .kind = MSG_FAILED, .code = -error };
    if (buf_printf(&text, error ? "%s: %s" : "%s", line, strerror(-error)) >= 0)
        bwrap_say(e->args, text.data);
    if (e->failure)
        e->failure->step = NULL;
    channel_send(e->channel, &m, -1);
    _exit(1);
}

static void enter_user_namespace(struct bwrap_enter *e, int inner)
{
    int second = e->args->fds[BWRAP_FD_USERNS2];
    if (second >= 0 && setns(second, CLONE_NEWUSER) < 0)
        bwrap_die(e, -errno, "Setting userns2 failed");
    if (inner >= 0 && setns(inner, CLONE_NEWUSER) < 0)
        bwrap_die(e, -errno, "Entering the second user namespace failed");
}

static int end_at_once(void *arg)
{
    (void)arg;
    return 0;
}

/* By a child that shares our memory, as unshare(2) takes no process that does. */
static void assert_no_user_namespace(struct bwrap_enter *e)
{
    static _Alignas(16) char stack[16384];
    if (!(e->args->switches & (BWRAP_DISABLE_USERNS | BWRAP_ASSERT_USERNS_DISABLED)))
        return;
    pid_t pid = clone(end_at_once, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_NEWUSER | SIGCHLD, NULL);
    if (pid < 0)
        return;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    bwrap_die(e, 0, "creation of new user namespaces was not disabled as requested");
}

/* Root without a user namespace keeps what it has unless it says otherwise. */
static void set_capabilities(struct bwrap_enter *e)
{
    bool ours = e->made & CLONE_NEWUSER || e->joined;
    int r = ours ? caps_bound(e->args->caps) : 0;
    if (r < 0)
        bwrap_die(e, r, "Dropping capabilities from bounds");
    if (e->real_uid != 0 || e->args->caps_named) {
        r = caps_set(e->args->caps);
        if (r < 0 && !(r == -EPERM && e->real_uid == 0))
            bwrap_die(e, r, "capset failed");
    }
}

void bwrap_leave_host(struct bwrap_enter *e, struct settling *settling)
{
    int r = e->helped ? settle_wait(settling) : 0;
    if (r < 0)
        bwrap_die(e, r, "%s", settling->failed);
    if (!settle_left_host() && fence_on(FENCE_HOST_ROOT))
        bwrap_die(e, 0, "the host's files are still within reach");
}

void bwrap_change_directory(struct bwrap_enter *e)
{
    static char pwd[sizeof("PWD=") + PATH_MAX];
    const char *to = e->args->chdir;
    if (to) {
        if (chdir(to) < 0)
            bwrap_die(e, -errno, "Can't chdir to %s", to);
    } else {
        const char *home = NULL;
        for (char **p = e->env; *p; p++)
            if (strncmp(*p, "HOME=", 5) == 0)
                home = *p + 5;
        to = e->cwd && chdir(e->cwd) == 0 ? e->cwd : home && chdir(home) == 0 ? home : "/";
    }
    snprintf(pwd, sizeof(pwd), "PWD=%s", to);
    e->env[e->pwd] = pwd;
}

static void take_label(struct bwrap_enter *e)
{
    if (e->start.label == LABEL_NONE)
        return;
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) /* init's memory, too, until it takes that back: to write /proc/self/attr */
        bwrap_die(e, -errno, "can't set dumpable");
    const struct policy policy = { .label = { .value = (char *)(uintptr_t)e->args->exec_label } };
    int r = label_apply(&policy, e->start.label);
    if (r < 0)
        bwrap_die(e, r, "label_exec %s", e->args->command[0]);
}

/* The parent may have ended before we asked: the monitor's end of the channel is closed then. */
void bwrap_die_with_parent(struct bwrap_enter *e)
{
    struct pollfd monitor = { .fd = e->channel, .events = POLLIN };
    if (!(e->args->switches & BWRAP_DIE_WITH_PARENT))
        return;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        bwrap_die(e, -errno, "prctl");
    if (poll(&monitor, 1, 0) == 1 && monitor.revents & POLLHUP)
        _exit(1);
}

static void keep_ceilings(struct bwrap_enter *e)
{
    const struct jail_start *start = &e->start;
    if (!start->policy)
        return;
    int r = start->policy->processes.set ? rlimits_apply(start->policy) : 0;
    if (r < 0)
        bwrap_die(e, r, "the limit on processes cannot be set");
    if (start->landlock_abi && fence_on(FENCE_LANDLOCK_SCOPE))
        r = landlock_enter_scopes(start->landlock_abi, true, true, false, landlock_holds_files(start));
    if (r < 0)
        bwrap_die(e, r, "the Landlock domain cannot be entered");
    if (start->filter && start->filter->n && fence_on(FENCE_SECCOMP))
        r = seccomp_load(start->filter->code, start->filter->n);
    if (r < 0)
        bwrap_die(e, r, "the filter of %s cannot be loaded", start->policy->filter.value);
}

static void load_filters(struct bwrap_enter *e)
{
    for (size_t i = 0; i < e->args->n_filters; i++) {
        int r = seccomp_load_on_top(e->args->filters[i].code, e->args->filters[i].n);
        if (r == -EINVAL)
            bwrap_die(e, 0, "Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported EINVAL. "
                            "(Hint: this requires a kernel configured with CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER.)");
        if (r < 0)
            bwrap_die(e, r, "Unable to set up system call filtering as requested");
    }
}

ON_OWN_STACK _Noreturn void bwrap_payload(struct payload_args *args)
{
    struct bwrap_enter *e = (struct bwrap_enter *)(uintptr_t)(const void *)args->start;
    char **argv = (char **)(uintptr_t)e->args->command;
    const char *command = argv[0];

    args->failure = (struct payload_failure){ .error = EIO, .step = "command" }; /* until there is one */
    e->failure = &args->failure;
    enter_user_namespace(e, args->inner);
    set_capabilities(e);
    bwrap_leave_host(e, args->settling);
    assert_no_user_namespace(e);
    bwrap_change_directory(e);
    take_label(e);
    bwrap_die_with_parent(e);
    int r = caps_raise_ambient(e->args->caps);
    if (r < 0)
        bwrap_die(e, r, "Adding ambient capabilities");
    if (e->files_raised && setrlimit(RLIMIT_NOFILE, &e->files) < 0)
        bwrap_die(e, -errno, "setrlimit");
    sigprocmask(SIG_SETMASK, &e->start.mask, NULL);
    keep_ceilings(e);
    load_filters(e);

    /* What the caller means by this path is us, doing what we do now: not agentjail's own command line. */
    if (strcmp(command, "/proc/self/exe") == 0)
        argv[0] = (char *)(uintptr_t)"bwrap";
    if (e->args->argv0)
        argv[0] = (char *)(uintptr_t)e->args->argv0;
    environ = e->env;
    args->failure.error = 0;
    execvp(command, argv);
    args->failure = (struct payload_failure){ .error = errno, .executing = 1, .step = "exec" };
    bwrap_die(e, -args->failure.error, "execvp %s", command);
}
