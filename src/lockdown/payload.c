/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. This process is a child of the jail's first one: uid 0 of the jail's user namespace with all its
 * capabilities, inside the first Landlock domain, seeing the jail's files. It shares that one's memory, which sleeps
 * until we execute or exit (a fork's copy of it would cost more than all fences together): nothing here may leave a
 * trace there but args->failure, and what a library keeps there. In order, and why in that order:
 *
 *  1. terminal    its own process group, the pty's foreground one unless in the background; fds 0-2.
 *  2. inner user namespace   setns(2) needs CAP_SYS_ADMIN over it, so before the capabilities go. Nothing that the
 *                 outer namespace owns (mounts, network) can be changed from here on.
 *  3. label       must precede no_new_privs (KERNEL-FACTS 17).
 *  4. rlimits     RLIMIT_NPROC set after the user namespace counts within it.
 *  5. capabilities   all sets and the bounding set; securebits locked.
 *  6. no_new_privs   setuid and file capabilities do nothing from here on; needed by 7, 10, 11 and 12.
 *  7. Landlock    the payload's own domain: signals and abstract sockets.
 *  8. fds         all but 0-2 close at exec.
 *  9. settle      wait until the host's files are gone (jail/namespaces.c), which have been in nobody's way so far.
 * 10. spawn       with spawn = no a filter by which no program is run but the one of 13. Where init is told of programs it
 *                 refuses them itself (init/guard_runs.h): it would not hear of those that this filter refuses.
 *                 With a list of programs one more, by which no memory can be run; and interpreters are asked to hold to it.
 * 11. guard       the second filter, whose listener goes to init: it holds none of the calls that are left. It has the
 *                 payload's in it, where there is one (lockdown/denials.h), and so forbids most of the above.
 * 12. seccomp     the payload's by itself, where it is in no other.
 * 13. execve; of a microVM the keeper, which is no program of its own (microvm/keeper.c). */
#include "lockdown/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "base/own_stack.h"
#include "filter/filter.h"
#include "ipc/start.h"
#include "lockdown/caps.h"
#include "lockdown/denials.h"
#include "lockdown/first_exec.h"
#include "lockdown/guard_filter.h"
#include "lockdown/label.h"
#include "lockdown/landlock.h"
#include "lockdown/rlimits.h"
#include "lockdown/seccomp.h"
#include "lockdown/settle.h"
#include "lockdown/spawn_filter.h"
#include "profile/policy.h"
#include "sys/syscalls.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

ON_OWN_STACK _Noreturn static void give_up(struct payload_args *args, const char *step, int error, int executing)
{
    args->failure = (struct payload_failure){ .error = error ? error : EIO, .executing = executing, .step = step };
    _exit(125);
}

static int take_terminal(const struct jail_start *start, int terminal)
{
    if (setpgid(0, 0) < 0)
        return -errno;
    if (terminal < 0)
        return 0;
    for (int fd = 0; fd < 3; fd++)
        if (start->terminal[fd] && dup2(terminal, fd) < 0)
            return -errno;
    if (start->background)
        return 0;

    sigset_t ttou;
    sigset_t old;
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    sigprocmask(SIG_BLOCK, &ttou, &old);
    int r = tcsetpgrp(terminal, getpid()) < 0 ? -errno : 0;
    sigprocmask(SIG_SETMASK, &old, NULL);
    return r;
}

static int enter_inner(int inner)
{
    if (inner < 0)
        return 0;
    return setns(inner, CLONE_NEWUSER) < 0 ? -errno : 0;
}

static int no_new_privs(void)
{
    if (!fence_on(FENCE_NO_NEW_PRIVS))
        return 0;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int scopes(const struct jail_start *start)
{
    if (start->landlock_abi == 0 || !fence_on(FENCE_LANDLOCK_SCOPE))
        return 0;
    return landlock_enter_scopes(start->landlock_abi, true, true, false, landlock_holds_files(start));
}

/* Are our last steps to be known from the command's? */
static bool is_marked(const struct jail_start *start, const struct guard_told *told, int guard)
{
    return guard >= 0 || told->runs || (start->policy->no_spawn && fence_on(FENCE_SPAWN));
}

/* What they are known by. */
static int mark_first(uint64_t first[2])
{
    return getrandom(first, 2 * sizeof(*first), 0) == (ssize_t)(2 * sizeof(*first)) ? 0 : -EIO;
}

static int load_spawn(const struct jail_start *start, const struct guard_told *told)
{
    if (start->programs_listed)
        caps_restrict_files();
    if (start->programs_listed && fence_on(FENCE_MEMORY)) {
        int r = memory_filter_load();
        if (r < 0)
            return r;
    }
    if (told->runs || !start->policy->no_spawn || !fence_on(FENCE_SPAWN))
        return 0;
    return spawn_filter_load(told->first);
}

/* To init, by a sendmsg(2) that both filters let pass. */
static int hand_over_listener(int channel, int listener, const uint64_t first[2])
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { 0 };
    struct iovec iov = { .iov_base = "", .iov_len = 1 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
                          .msg_controllen = sizeof(control.space) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &listener, sizeof(listener));
    for (;;) {
        if (syscall(SYS_sendmsg, channel, &msg, MSG_NOSIGNAL | MSG_DONTWAIT, first[0], first[1]) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

/* The listener closes at execve(2), as close(2) may be what is denied. */
static int load_guard(const struct payload_args *args, const struct guard_told *told, bool *ret_joined)
{
    if (args->guard < 0)
        return 0;
    struct denials denials = denials_of(args->start);
    int listener = guard_listen(told, &denials, ret_joined);
    return listener < 0 ? listener : hand_over_listener(args->guard, listener, told->first);
}

static int load_filter(const struct jail_start *start, bool joined)
{
    if (joined || !start->filter || !start->filter->n || !fence_on(FENCE_SECCOMP))
        return 0;
    return seccomp_load(start->filter->code, start->filter->n);
}

static int take_label(const struct jail_start *start)
{
    if (start->label == LABEL_NONE || !fence_on(FENCE_LABEL))
        return 0;
    int r = label_apply(start->policy, start->label);
    return r < 0 && start->policy->label.optional ? 0 : r;
}

ON_OWN_STACK _Noreturn void payload_main(struct payload_args *args)
{
    const struct jail_start *start = args->start;
    int r;
#define STEP(call, name)                      \
    do {                                      \
        r = (call);                           \
        if (r < 0)                            \
            give_up(args, name, -r, 0);       \
    } while (0)

    STEP(take_terminal(start, args->terminal), "the command cannot be put onto its terminal");
    STEP(enter_inner(args->inner), "the second user namespace cannot be entered");
    STEP(take_label(start), label_error_text(r));
    if (fence_on(FENCE_RLIMITS))
        STEP(rlimits_apply(start->policy), "the limits cannot be set");
    if (fence_on(FENCE_CAPS))
        STEP(caps_drop_payload(), "capabilities cannot be dropped");
    STEP(no_new_privs(), "no_new_privs cannot be set");
    STEP(scopes(start), "the Landlock domain of signals and sockets cannot be entered");
    if (fence_on(FENCE_FDS))
        STEP(sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), "file descriptors cannot be closed");
    sigprocmask(SIG_SETMASK, &start->mask, NULL); /* dispositions were never changed */
    STEP(settle_wait(args->settling), args->settling->failed);
    struct guard_told told = guard_tells(start, args->guard >= 0);
    bool joined = false;
    if (is_marked(start, &told, args->guard))
        STEP(mark_first(told.first), "no random numbers can be had");
    STEP(load_spawn(start, &told), "the filter that keeps other programs from being run cannot be loaded");
    STEP(load_guard(args, &told, &joined), "the filter of the calls that init serves cannot be loaded");
    STEP(load_filter(start, joined), "the seccomp filter cannot be loaded");
#undef STEP

    if (args->microvm)
        args->instead(args);
    args->failure.executing = 1;
    if (is_marked(start, &told, args->guard))
        give_up(args, "exec", -first_exec(start, told.first), 1);
    environ = (char **)(uintptr_t)start->env; /* execvp(3) searches the PATH of the caller's environment */
    execvp(start->path ? start->path : start->argv[0], start->argv);
    give_up(args, "exec", errno, 1);
}
