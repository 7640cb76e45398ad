/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. When we come here we have all capabilities in the jail's user namespace, share the payload's view
 * and its outer Landlock domain, and are PID 1. In order:
 *
 *  1. not dumpable, before the payload exists: it can then neither ptrace us nor read /proc/1. (Where others may look at us
 *     at any time our capabilities keep the payload off, which has none, until the filter does.)
 *  2. make the payload (lockdown/payload.c), as vfork(2) does.
 *  3. no capabilities, no_new_privs, an own seccomp filter of the few calls used below.
 *  4. serve: perform the payload's calls that make and change names, if any name is to be held so (init/guard.c); reap, tell
 *     the monitor of stops and the end, deliver its signals, watch the mounts, freeze and thaw; make sockets to published
 *     ports for the gateway.
 *
 * Our death ends the jail, as the kernel kills the rest of a pid namespace with its init. So every doubt (channel closed,
 * message not permitted) ends in _exit(). */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "base/own_stack.h"
#include "init/freezer.h"
#include "init/guard.h"
#include "init/inward.h"
#include "init/watch.h"
#include "ipc/channel.h"
#include "lockdown/caps.h"
#include "lockdown/payload.h"
#include "lockdown/seccomp.h"
#include "lockdown/settle.h"
#include "microvm/keeper.h"
#include "sys/fds.h"
#include "sys/idle_memory.h"

struct init {
    const struct init_args *args;
    struct watch watch;
    pid_t payload;
    int channel; /* -1: the monitor is gone, and may be */
    int signals; /* signalfd of SIGCHLD */
    int status;  /* lingering: what we end with when the last process has ended */
    struct freezer freezer;
    struct inward inward;
    struct guard guard;
    unsigned relapses;     /* checks of this freeze that found somebody running */
    int next_check;        /* ms to the next check while frozen */
    bool unnamed;          /* a test: names are not watched */
    int64_t idle_at;       /* ms of CLOCK_MONOTONIC: when what only the start has used is given back; 0: it was */
    int64_t looked;        /* ms of CLOCK_MONOTONIC: when on_time() was last due */
    bool continue_payload; /* SIGCONT came while frozen: for the thaw */
    int stop_signal;       /* the payload was stopped by its own signal while it was being frozen: to tell at the thaw */
};

/* How long what undoes a stop by itself, a timer that sends SIGCONT, may go unseen. */
#define CHECK_MIN_MS 2
#define CHECK_MAX_MS 500
#define RELAPSES_MAX 16

#define SLICE_NS 100000 /* the shortest */
#define KEEP_POLICY 0x08 /* SCHED_FLAG_KEEP_POLICY: none but the usual ones take a slice */

struct sched_attr_kernel { /* sched_setattr(2) */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

/* When the payload has run for so long, names are watched: no start waits for that, nor a short command's end. */
#define NAMES_AFTER_MS 10
#define IDLE_AFTER_MS 30
#define NAMES_EVERY_MS 250 /* without inotify */

_Noreturn static void fail(int channel, const char *what, int error)
{
    struct message m = { .kind = MSG_FAILED, .code = error };
    snprintf(m.text, sizeof(m.text), "%s: %s", what, strerror(error));
    channel_send(channel, &m, -1);
    _exit(125);
}

/* The channel has ended, or what came by it may not come. */
static void lost_monitor(struct init *init)
{
    if (!init->args->lingers || !init->args->lingers->outlive)
        _exit(125);
    cleanup_close(&init->channel);
}

static void tell(struct init *init, enum message_kind kind, int code, int64_t value)
{
    struct message m = { .kind = kind, .code = code, .value = value };
    if (init->channel >= 0 && channel_send(init->channel, &m, -1) < 0)
        lost_monitor(init);
}

static bool shown_always(const struct init_args *args)
{
    return args->lingers && args->lingers->dumpable && !args->lingers->traced;
}

/* with_prctl: to become dumpable and to drop capabilities yet. sockets: TCP ones may be made, and connected. names: calls are
 * performed for the payload. */
static int confine(bool with_prctl, bool sockets, bool names)
{
    static const int calls[] = {
        SYS_read,      SYS_write,  SYS_close,     SYS_lseek,     SYS_ppoll,         SYS_recvmsg, SYS_sendmsg,
        SYS_waitid,    SYS_wait4,  SYS_kill,      SYS_exit_group, SYS_rt_sigprocmask, SYS_rt_sigreturn,
        SYS_statx,     SYS_ioctl,  SYS_getpid,    SYS_brk,       SYS_restart_syscall, SYS_exit,
        SYS_openat,    SYS_getdents64, SYS_clock_gettime, /* init/freezer.c */
        SYS_madvise, /* sys/idle_memory.c */
        SYS_inotify_init1, SYS_inotify_add_watch, /* init/watch.c */
#ifdef SYS_poll
        SYS_poll,
#endif
#ifdef AGENTJAIL_SANITIZED
        SYS_mmap, SYS_munmap, SYS_sigaltstack, SYS_futex, SYS_readlink, SYS_gettid,
        SYS_clone, SYS_mprotect, SYS_getppid, SYS_sched_yield, SYS_readlinkat, SYS_fstat, SYS_newfstatat,
#endif
    };
    int list[ELEMENTSOF(calls) + 3 + 32];
    size_t n = ELEMENTSOF(calls);
    memcpy(list, calls, sizeof(calls));
#ifdef AGENTJAIL_SANITIZED
    with_prctl = true;
#endif
    if (with_prctl) {
        list[n++] = SYS_prctl;
        list[n++] = SYS_capset;
    }
    for (size_t i = 0; names && i < n_guard_calls; i++)
        list[n++] = guard_calls[i];
    if (!sockets)
        return seccomp_confine(list, n);
    list[n++] = SYS_connect; /* init/inward.c */
    return seccomp_confine_network(list, n);
}

ON_OWN_STACK static int payload_entry(void *args)
{
    payload_main(args);
}

/* In place of executing the command. That everything else is closed tells init to go on. */
_Noreturn static void keep_microvm(const struct payload_args *args)
{
    const struct microvm_ends *ends = args->microvm;
    int keep[] = { 0, 1, 2, ends->port, ends->console, ends->log, ends->alive };
    if (fds_close_others(0, keep, ELEMENTSOF(keep)) < 0)
        _exit(125);
    keeper_main(args->start, ends);
}

ON_OWN_STACK static int lingers_entry(void *args)
{
    const struct payload_args *payload = args;
    payload->lingers->payload(args);
    _exit(125);
}

/* What became of the exec: known as soon as clone(2) returns. */
static void report_start(struct init *init, const struct payload_failure *f)
{
    if (f->error == 0) {
        tell(init, MSG_STARTED, 0, init->payload);
    } else if (f->executing) {
        tell(init, MSG_NOEXEC, f->error == ENOENT ? 127 : 126, f->error);
        _exit(init->args->lingers ? 1 : 0);
    } else if (!f->step) {
        _exit(1);
    } else {
        fail(init->args->channel, f->step, f->error);
    }
}

/* Every other process of the jail. Only a test has us in the host's pid namespace, where kill(-1) would be everybody. */
static void signal_all(const struct init *init, int signal)
{
    kill(getpid() == 1 ? -1 : -init->payload, signal);
}

/* Nothing of the payload's is left when the monitor hears of the end; it need not wait for our own death then. What it has
 * written to its terminal is still in the pty; the monitor drains that. We go when the monitor has gone, which is what somebody
 * waits for: the kernel's work for our namespaces would slow its exit down. */
_Noreturn static void end(struct init *init, int status)
{
    pid_t other;
    while ((other = waitpid(-1, NULL, WNOHANG)) > 0)
        ;
    if (other == 0 || errno != ECHILD) { /* kill(2) of everybody walks all processes of the host: not for nobody */
        signal_all(init, SIGKILL);
        while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
            ;
    }
    observe_tick(&init->guard.observe, &init->guard, true);
    tell(init, MSG_EXITED, 0, status);
    struct message m;
    int fd;
    channel_receive(init->args->channel, &m, &fd);
    _exit(0);
}

/* Killed before it was the command: maybe while it held a lock of the C library's, whose memory we share, so that nothing
 * more is done than to end. */
static void end_early(struct init *init, const struct payload_args *payload)
{
    int status;
    if (payload->lingers || payload->failure.error != 0 || payload->failure.executing)
        return;
    while (waitpid(init->payload, &status, 0) < 0)
        if (errno != EINTR)
            _exit(1);
    tell(init, MSG_STARTED, 0, init->payload);
    end(init, status);
}

/* Who looks at us from outside takes our user namespace for the payload's (bubblewrap's --userns2). The helper thread is
 * about to end if it has not: until then the kernel says EINVAL. */
static void follow_payload(const struct init_args *args)
{
    int inner = args->inner, tries = 1000;
    while (inner >= 0 && setns(inner, CLONE_NEWUSER) < 0)
        if (errno != EINVAL || --tries == 0 || nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL) < 0)
            fail(args->channel, "init cannot enter the second user namespace", errno);
}

/* The way for the listener of the payload's second filter: our end, -1 where there is none. */
static int open_guard(struct init *init, const struct init_args *args, int *ret_payload)
{
    int ends[2];
    int r = guard_open(&init->guard, args->lingers || !fence_on(FENCE_GUARD) ? NULL : args->start->guarded);
    if (r >= 0 && init->guard.patterns && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        r = -errno;
    if (r < 0)
        fail(args->channel, "guard", -r);
    if (!init->guard.patterns)
        return -1;
    for (size_t i = 0; i < args->plan->n; i++) {
        const struct op *op = &args->plan->ops[i];
        if (op->flags & OP_SOCKET && !known_sockets_grant(&init->guard.sockets, op->target, op->dev, op->ino))
            fail(args->channel, "guard: more sockets are granted than it can hold", E2BIG);
    }
    init->guard.runs = guard_runs_of(args->start);
    init->guard.denials = denials_of(args->start);
    init->guard.observe.missing = args->start->observed_missing;
    if (args->observe >= 0)
        observe_start(&init->guard.observe, args->observe, args->start->observed, args->start->observed_reads);
    *ret_payload = ends[1];
    return ends[0];
}

/* 1 and 2. A label is written to the payload's own /proc entry, which only a dumpable process may open; the payload cannot
 * ptrace us in between either way, for we are in the user namespace above its own. */
static void start_payload(struct init *init, struct init_args *args)
{
    static _Alignas(16) char stack[65536];
    struct payload_args payload = { .start = args->start, .inner = args->inner, .settling = args->settling,
                                    .terminal = args->terminal, .lingers = args->lingers, .guard = -1 };
    _cleanup_close_ int guard = open_guard(init, args, &payload.guard);
    int (*entry)(void *) = args->lingers ? lingers_entry : payload_entry;
    bool late = args->start->label != LABEL_NONE;
    bool hide = fence_on(FENCE_DUMPABLE) && !shown_always(args);

    if (!late && hide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        fail(args->channel, "init cannot become not dumpable", errno);
    pid_t pid = clone(entry, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &payload);
    if (pid < 0)
        fail(args->channel, "the command's process cannot be made", errno);
    if (late && hide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        fail(args->channel, "init cannot become not dumpable", errno);
    init->payload = pid;
    end_early(init, &payload);
    cleanup_close(&payload.guard);
    int r = guard >= 0 && payload.failure.error == 0 ? guard_take_listener(&init->guard, guard) : 0;
    if (r < 0)
        fail(args->channel, "guard", -r);
    if (payload.failure.error == 0)
        observe_first(&init->guard.observe, &init->guard, pid, args->start->argv, args->start->directory);
    report_start(init, &payload.failure);
    if (args->lingers && args->lingers->dumpable)
        follow_payload(args);
    cleanup_close(&args->inner);
    cleanup_close(&args->net);
}

/* The keeper of a microVM executes nothing, so it gets a copy of our memory instead of sharing it; what it says of a failure
 * lies in memory that stays shared, and it is waited for by a pipe that it closes. */
static void start_keeper(struct init *init, struct init_args *args)
{
    static _Alignas(16) char stack[65536];
    int begun[2], unguarded = -1;
    char none;
    struct payload_args *payload = mmap(NULL, sizeof(*payload), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (payload == MAP_FAILED || pipe2(begun, O_CLOEXEC) < 0)
        fail(args->channel, "the microVM's keeper cannot be made", errno);
    open_guard(init, args, &unguarded); /* nothing is guarded in a microVM */
    *payload = (struct payload_args){ .start = args->start, .inner = args->inner, .settling = args->settling, .guard = -1,
                                      .terminal = args->terminal, .microvm = args->microvm, .instead = keep_microvm };
    int r = settle_wait(args->settling); /* whose helper writes to our memory only */
    if (r < 0)
        fail(args->channel, args->settling->failed, -r);
    if (fence_on(FENCE_DUMPABLE) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        fail(args->channel, "init cannot become not dumpable", errno);
    init->payload = clone(payload_entry, stack + sizeof(stack), SIGCHLD, payload);
    if (init->payload < 0)
        fail(args->channel, "the microVM's keeper cannot be made", errno);
    close(begun[1]);
    while (read(begun[0], &none, 1) < 0 && errno == EINTR)
        ;
    close(begun[0]);
    report_start(init, &payload->failure);
    munmap(payload, sizeof(*payload));
    int *fds[] = { &args->inner, &args->net };
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        cleanup_close(fds[i]);
    const int ends[] = { args->microvm->port, args->microvm->console, args->microvm->log, args->microvm->alive };
    for (size_t i = 0; i < ELEMENTSOF(ends); i++)
        close(ends[i]);
}

/* Descriptors that the caller left open are the payload's; only those that are to be held stay here. */
static void keep_few(struct init *init, const struct init_lingers *lingers)
{
    _cleanup_free_ int *keep = calloc(lingers->n_keep + 2, sizeof(*keep));
    size_t n = 0;
    if (!keep)
        fail(init->channel, "init's descriptors cannot be closed", ENOMEM);
    keep[n++] = init->channel;
    keep[n++] = init->signals;
    for (size_t i = 0; i < lingers->n_keep; i++)
        keep[n++] = lingers->keep[i];
    int r = fds_close_others(0, keep, n);
    if (r < 0)
        fail(init->channel, "init's descriptors cannot be closed", -r);
}

/* Where the payload keeps every processor busy, who wakes waits for a slice of some milliseconds to end: too long for a
 * mount that is away. A short slice of our own lets us in at once (sched(7); Linux 6.12, no effect before). */
static void wake_early(void)
{
    struct sched_attr_kernel attr = { .size = sizeof(attr), .flags = KEEP_POLICY, .nice = getpriority(PRIO_PROCESS, 0),
                                      .runtime = SLICE_NS };
    syscall(SYS_sched_setattr, 0, &attr, 0U);
}

/* 3. Fds 0-2 may be the user's terminal or files; init has no business with them. */
static void drop(struct init *init, const struct init_args *args)
{
    bool shown = args->lingers && args->lingers->dumpable, always = shown_always(args);
    int r = always ? 0 : caps_drop_all();
    if (r < 0)
        fail(args->channel, "init's capabilities cannot be dropped", -r);
    if (args->lingers)
        keep_few(init, args->lingers);
    if (args->mounts >= 0)
        wake_early();
    for (int fd = 0; fd < 3 && !args->lingers; fd++)
        close(fd);
    r = confine(shown, init->inward.channel >= 0, init->guard.patterns);
    if (r >= 0 && always)
        r = caps_drop_all();
    if (r >= 0 && shown && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        r = -errno;
    if (r < 0)
        fail(args->channel, "init cannot confine itself", -r);
}

/* Only the end of the payload is told; we end with the last process. */
static void reap_lingering(struct init *init)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != init->payload)
            continue;
        init->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        tell(init, MSG_EXITED, 0, status);
    }
    if (pid < 0 && errno == ECHILD)
        _exit(init->status);
}

static void reap(struct init *init)
{
    if (init->args->lingers) {
        reap_lingering(init);
        return;
    }
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (pid <= 0)
            return;
        if (pid != init->payload)
            continue;
        if (WIFSTOPPED(status)) {
            if (!init->freezer.reasons)
                tell(init, MSG_STOPPED, 0, WSTOPSIG(status));
            else if (WSTOPSIG(status) != SIGSTOP)
                init->stop_signal = WSTOPSIG(status);
            continue;
        }
        end(init, status);
    }
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void continue_payload(struct init *init)
{
    if (init->freezer.reasons)
        init->continue_payload = true;
    else
        kill(-init->payload, SIGCONT);
}

static void set_foreground(struct init *init, bool foreground)
{
    int terminal = init->args->terminal;
    if (terminal >= 0)
        tcsetpgrp(terminal, foreground ? init->payload : getpid());
    continue_payload(init);
}

/* 0, or the errno that the monitor is to know. */
static int freeze(struct init *init, enum freeze_reason reason)
{
    if (!init->freezer.reasons) {
        init->relapses = 0;
        init->next_check = CHECK_MIN_MS;
        init->looked = now_ms();
    }
    return -freezer_freeze(&init->freezer, reason);
}

/* Who was continued although frozen had a moment in which the mount was away, or keeps being continued. 0, or the errno
 * that the monitor was told. */
static int check_frozen(struct init *init)
{
    init->next_check = init->next_check * 2 > CHECK_MAX_MS ? CHECK_MAX_MS : init->next_check * 2;
    int r = freezer_check(&init->freezer);
    if (r == 0)
        return 0;
    if (r > 0)
        init->next_check = CHECK_MIN_MS;
    if (r > 0 && !(init->freezer.reasons & FREEZE_MOUNT) && ++init->relapses <= RELAPSES_MAX)
        return 0;
    int error = r < 0 ? -r : EBUSY;
    tell(init, MSG_FROZEN, error, 0);
    return error;
}

static void thaw(struct init *init, enum freeze_reason reason)
{
    if (!freezer_thaw(&init->freezer, reason))
        return;
    if (init->stop_signal && !init->continue_payload)
        tell(init, MSG_STOPPED, 0, init->stop_signal);
    if (init->continue_payload)
        kill(-init->payload, SIGCONT);
    init->stop_signal = 0;
    init->continue_payload = false;
}

/* bubblewrap's way: the monitor may be gone, and nobody else could put it back. */
_Noreturn static void end_of_mount(const struct init *init, size_t lost)
{
    const struct op *op = &init->args->plan->ops[lost];
    struct message m = { .kind = MSG_FAILED };
    snprintf(m.text, sizeof(m.text), "%s:%u: what holds %.200s was taken away by a rename outside, so the command has been "
             "ended", op->origin.file ? op->origin.file : "ceiling", op->origin.line, op->target);
    channel_send(init->channel, &m, -1);
    _exit(1);
}

/* A mount that the host has taken away (KERNEL-FACTS 2): stop everything at once, then say so. */
static void check_mounts(struct init *init)
{
    size_t lost;
    if (init->args->lingers && watch_lost(&init->watch, &lost))
        end_of_mount(init, lost);
    while (!init->args->lingers && !(init->freezer.reasons & FREEZE_MOUNT) && watch_lost(&init->watch, &lost)) {
        int error = freeze(init, FREEZE_MOUNT);
        tell(init, MSG_LOST, error, (int64_t)lost);
    }
}

/* Something happened to the mounts: to one of ours, most likely. */
static void mounts_changed(struct init *init)
{
    bool struck = !init->args->lingers && freezer_strike(&init->freezer);
    check_mounts(init);
    if (struck && init->freezer.struck) { /* it was not */
        freeze(init, FREEZE_MOUNT);
        thaw(init, FREEZE_MOUNT);
    }
}

static void serve_mended(struct init *init, size_t index)
{
    if (!(init->freezer.reasons & FREEZE_MOUNT))
        _exit(125);
    int error = check_frozen(init); /* a monitor that has let go of the control group does not heed it: said again below */
    if (watch_renew(&init->watch, index))
        thaw(init, FREEZE_MOUNT);
    else
        tell(init, MSG_LOST, error, (int64_t)index); /* the host was faster once more */
}

static void serve_message(struct init *init)
{
    struct message m;
    _cleanup_close_ int fd = -1;
    if (channel_receive(init->channel, &m, &fd) < 0 || fd >= 0) {
        lost_monitor(init);
        return;
    }

    switch (m.kind) {
    case MSG_SIGNAL:
        if (m.value == SIGCONT)
            continue_payload(init);
        else if (m.value > 0 && m.value < NSIG)
            kill(-init->payload, (int)m.value);
        break;
    case MSG_FOREGROUND:
        set_foreground(init, m.value);
        break;
    case MSG_MENDED:
        serve_mended(init, (size_t)m.value);
        break;
    case MSG_FREEZE:
        tell(init, MSG_FROZEN, freeze(init, FREEZE_USER), 0);
        break;
    case MSG_THAW:
        if (init->args->mounts >= 0)
            check_mounts(init); /* one that went meanwhile holds on */
        thaw(init, FREEZE_USER);
        break;
    case MSG_PUBLISH:
        if (!inward_permit(&init->inward, m.value))
            _exit(125);
        break;
    case MSG_UNPUBLISH:
        inward_forbid(&init->inward, m.value);
        break;
    default:
        _exit(125);
    }
}

/* How many ms at most between two looks that nothing has asked for, -1: none are needed. */
static int interval(const struct init *init)
{
    if (init->freezer.reasons)
        return init->next_check;
    if (init->args->mounts < 0)
        return -1;
    if (init->unnamed)
        return -1;
    if (!init->watch.names)
        return NAMES_AFTER_MS;
    return init->watch.moves < 0 ? NAMES_EVERY_MS : -1;
}

/* By the clock, not when poll(2) has nothing to tell: the payload decides how often SIGCHLD comes. */
static int ms_left(const struct init *init)
{
    int ms = interval(init);
    int64_t left = init->looked + ms - now_ms();
    return ms < 0 ? -1 : left < 0 ? 0 : (int)left;
}

static int ms_to_wait(const struct init *init)
{
    int ms = ms_left(init);
    if (!init->idle_at)
        return ms;
    int64_t idle = init->idle_at - now_ms();
    return idle < 0 ? 0 : ms < 0 || idle < ms ? (int)idle : ms;
}

static void on_time(struct init *init)
{
    init->looked = now_ms();
    if (init->freezer.reasons)
        check_frozen(init);
    if (init->args->mounts < 0 || init->unnamed)
        return;
    if (!init->watch.names)
        watch_names(&init->watch);
    check_mounts(init);
}

static int wait_ms(const struct init *init)
{
    int ms = ms_to_wait(init), guard = init->freezer.reasons ? -1 : guard_interval(&init->guard);
    return guard >= 0 && (ms < 0 || guard < ms) ? guard : ms;
}

/* Last: what has just been frozen is not served. */
static void serve_guard(struct init *init, short events)
{
    if (init->freezer.reasons) {
        observe_flush(&init->guard.observe);
        return;
    }
    if (events & POLLIN)
        guard_serve(&init->guard);
    else if (events) /* nobody is left who could ask */
        cleanup_close(&init->guard.listener);
    if (init->guard.n_waits)
        guard_retry(&init->guard);
    observe_tick(&init->guard.observe, &init->guard, false);
}

static void serve(struct init *init)
{
    enum { CHANNEL, SIGNALS, MOUNTS, MOVES, INWARD, GUARD, N };
    for (bool first = true;;) { /* what the set-up has done to the mounts shows then */
        struct pollfd fds[N] = {
            [CHANNEL] = { .fd = init->channel, .events = POLLIN },
            [SIGNALS] = { .fd = init->signals, .events = POLLIN },
            [MOUNTS] = { .fd = init->args->mounts, .events = POLLPRI },
            [MOVES] = { .fd = init->watch.moves, .events = POLLIN },
            [INWARD] = { .fd = init->inward.channel, .events = POLLIN },
            [GUARD] = { .fd = init->freezer.reasons ? -1 : init->guard.listener, .events = POLLIN },
        };
        if (poll(fds, N, first ? 0 : wait_ms(init)) < 0) {
            if (errno == EINTR)
                continue;
            _exit(125);
        }
        if (ms_left(init) == 0)
            on_time(init);
        if (init->idle_at && now_ms() >= init->idle_at) {
            init->idle_at = 0;
            idle_memory_give_back();
        }
        if (fds[MOVES].revents)
            watch_moved(&init->watch);
        if (fds[MOUNTS].revents && !first)
            mounts_changed(init);
        else if (fds[MOUNTS].revents || fds[MOVES].revents)
            check_mounts(init);
        first = false;
        if (fds[SIGNALS].revents) {
            struct signalfd_siginfo info;
            if (read(init->signals, &info, sizeof(info)) < 0 && errno != EAGAIN && errno != EINTR)
                _exit(125);
            reap(init);
        }
        if (fds[CHANNEL].revents)
            serve_message(init);
        if (fds[INWARD].revents && init->inward.channel >= 0)
            inward_serve(&init->inward);
        if (init->watch.rest)
            check_mounts(init);
        serve_guard(init, fds[GUARD].revents);
    }
}

_Noreturn void init_main(struct init_args *args)
{
    static struct init init; /* the freezer's lists are long, and not touched before they are needed */
    sigset_t all;
    sigset_t child;

    init.args = args;
    init.channel = args->channel;
    if (args->lingers)
        init.inward.channel = -1; /* bubblewrap has none */
    else
        inward_init(&init.inward, args->inward, args->start->policy);
    init.watch = (struct watch){ .plan = args->plan, .anchors = args->anchors, .ids = args->mount_ids,
                                  .fd = args->mounts, .moves = args->lingers ? args->moves : -1,
                                  .names = args->lingers };
    init.looked = now_ms();
    init.idle_at = init.looked + IDLE_AFTER_MS;
    init.unnamed = !fence_on(FENCE_WATCH_NAMES);
    init.freezer.proc = -1;
    init.freezer.blind = !fence_on(FENCE_FREEZER);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* the payload's is restored from start->mask */
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    init.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (init.signals < 0)
        fail(args->channel, "init has no descriptor for its signals (signalfd)", errno);

    if (args->lingers && args->mounts >= 0)
        check_mounts(&init); /* names were watched too late for what is gone already */
    if (args->microvm)
        start_keeper(&init, args);
    else
        start_payload(&init, args);
    if (getpid() != 1)
        init.freezer.group = init.payload;
    drop(&init, args);
    serve(&init);
    _exit(125);
}
