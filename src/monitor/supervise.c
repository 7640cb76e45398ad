/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The jail's first process has just been cloned. The monitor registers the jail, confines itself when
 * it stands, and waits on: the channel (init's messages), init's pidfd, its signals, the terminal, and the clock (time
 * limit, grace of an ending). What init says is believed only as far as ipc/channel.h permits at that point; anything else
 * ends the jail.
 *
 * Ending in order: the payload's group gets the signal; what is left after the grace is killed with init, whose death
 * takes the whole pid namespace along. If the monitor itself is killed, init gets SIGKILL from the kernel (PDEATHSIG). */
#include "monitor/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cure.h"
#include "base/fence_switch.h"
#include "base/record.h"
#include "home/changes.h"
#include "monitor/account.h"
#include "monitor/ask.h"
#include "monitor/command.h"
#include "monitor/confine.h"
#include "monitor/control_requests.h"
#include "monitor/drop_in.h"
#include "monitor/freeze.h"
#include "monitor/gateway.h"
#include "monitor/gateway_watch.h"
#include "monitor/learning.h"
#include "monitor/loop.h"
#include "monitor/mend.h"
#include "monitor/observed.h"
#include "monitor/orphans.h"
#include "monitor/run_report.h"
#include "monitor/say.h"
#include "profile/origin.h"
#include "sys/idle_memory.h"
#include "sys/syscalls.h"
#include "terminal/signals.h"
#include "terminal/stdio.h"
#include "terminal/terminal.h"

#define MEND_RETRY_MS 200
#define IDLE_AFTER_MS 30 /* as the control socket waits: no wakeup of its own, none for a short command */
#define SHORT_NS 50000000 /* a command that ends sooner waits for nothing at its end that can be left */
#define STATUS_TIMEOUT 124
#define STATUS_FAILED 125

/* While the jail is being built nothing of it lasts, but for a cgroup: only such a jail has to be in the registry from the
 * start. Others wait until init needs no processor for the time that it takes. */
static void register_jail(struct loop *l)
{
    struct supervise *s = l->s;
    static const char *const networks[] = { [NETWORK_NONE] = "none", [NETWORK_FILTERED] = "filtered",
                                            [NETWORK_OPEN] = "open", [NETWORK_HOST] = "host" };
    if (l->registered)
        return;
    l->registered = true;
    l->idle_at = loop_now() + IDLE_AFTER_MS;
    struct registry_facts facts = {
        .monitor = getpid(),
        .init = s->pid,
        .born = { s->born[0], s->born[1] },
        .profile = s->policy->name,
        .workspace = s->policy->workspace,
        .network = networks[s->policy->network],
        .command = s->argv,
        .cgroup = s->cgroup->path,
    };
    int r = registry_add(s->registry, s->policy->runtime_dir, s->policy->state_dir, &facts);
    if (r < 0 && s->policy->verbose)
        fprintf(stderr, "agentjail: this jail is not in the registry, so --list and --kill do not find it: %s\n",
                strerror(-r));
    if (r >= 0)
        r = control_open(&l->control, s->registry, loop_now());
    if (r < 0 && s->registry->entry >= 0 && s->policy->verbose)
        fprintf(stderr, "agentjail: this jail has no control socket: %s\n", strerror(-r));
    registry_sweep(s->registry);
}

/* Once the jail stands: before the payload runs where init waits for us, else while it is being loaded. Not earlier, as
 * a try that came to nothing may be repeated. */
static void confine_once(struct loop *l)
{
    register_jail(l); /* takes calls that are forbidden then */
    if (l->confined || !fence_on(FENCE_DUMPABLE))
        return;
    int r = monitor_confine();
    l->confined = true;
    if (r == 0)
        return;
    fprintf(stderr, "agentjail: the monitor cannot confine itself: %s: %s\n", strerror(-r), cure_of_errno(-r));
    l->status = STATUS_FAILED;
    loop_kill(l);
}

/* code: errno of a call that the host refused, which has its cure; 0 where the text says all; ESTALE where a file was
 * replaced, and another try may do. */
static void on_failed(struct loop *l, const struct message *m)
{
    bool building = l->stage == STAGE_BUILDING;
    l->stage = STAGE_OVER;
    if (m->code == ESTALE && building && l->s->may_repeat) {
        l->again = true;
        return;
    }
    bool told = m->code == 0 || m->code == ESTALE;
    char text[MESSAGE_TEXT_MAX + 256];
    snprintf(text, sizeof(text), "the jail cannot be set up: %s%s%s", m->text, told ? "" : ": ",
             told ? "" : cure_of_errno(m->code));
    loop_say(l, text);
    l->status = STATUS_FAILED;
}

static int on_view(struct loop *l, int *fd)
{
    if (l->ns >= 0 || *fd < 0)
        return -EBADMSG;
    l->ns = TAKE_FD(*fd);
    return 0;
}

/* Put init under the limits while it builds the jail: it starts nothing that lasts before MSG_GO. Not later, since
 * systemd's scopes take a socket, which the monitor no longer gets when it is confined. */
static void attach_limits(struct loop *l)
{
    _cleanup_buf_ struct buf why = { 0 };
    int r = cgroup_attach(l->s->cgroup, l->s->pid, &why);
    if (why.len && (r < 0 || !l->s->policy->quiet))
        loop_say(l, why.data);
    if (r < 0) {
        l->status = STATUS_FAILED;
        loop_kill(l);
    }
}

/* The jail stands and waits: terminal, then go. */
static int on_ready(struct loop *l, int *fd)
{
    if (l->stage != STAGE_BUILDING)
        return -EBADMSG;
    if (*fd >= 0) {
        if (!l->s->terminal)
            return -EBADMSG;
        int r = terminal_attach(l->s->terminal, TAKE_FD(*fd), l->s->policy->terminal);
        if (r < 0) {
            loop_say(l, "the terminal cannot be prepared");
            l->status = STATUS_FAILED;
            loop_kill(l);
            return 0;
        }
    }
    l->stage = STAGE_READY;
    confine_once(l);
    loop_go(l);
    return 0;
}

static void on_noexec(struct loop *l, const struct message *m)
{
    _cleanup_buf_ struct buf text = { 0 };
    command_explain(l->s->plan, l->s->command, getenv("PATH"), (int)m->value, &text);
    if (text.data && l->s->context && (m->value == EPERM || m->value == EACCES))
        buf_printf(&text, "; if it may be executed, SELinux refuses it the context %s: the policy must let agentjail's own "
                   "domain change to that (process transition, process2 nnp_transition)", l->s->context);
    loop_say(l, text.data ? text.data : l->s->command);
    l->status = m->code == 127 ? 127 : 126;
    l->stage = STAGE_OVER;
}

/* The payload was stopped, as ^Z does or reading the terminal from the background. */
static void on_stopped(struct loop *l, int signal)
{
    int foreground = terminal_stopped(l->s->terminal, signal, l->s->signals->stop_asked);
    l->s->signals->stop_asked = false;
    if (foreground >= 0)
        loop_tell(l, MSG_FOREGROUND, foreground);
}

static int64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void on_exited(struct loop *l, int64_t value)
{
    int status = (int)value;
    l->status = WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : STATUS_FAILED;
    l->stage = STAGE_OVER;
    l->exited = true;
    l->await_init = l->s->cgroup->way != HOST_CGROUP_NONE || (wall_ns() - l->since > SHORT_NS && orphans_pile_up());
    if (l->await_init) /* we wait for init's end, and init for ours, which this stands for */
        cleanup_close(&l->s->channel);
}

/* Put the mount back, or, while the host has nothing there to mount on, try again. */
static void mend_lost(struct loop *l)
{
    const struct op *op = &l->s->plan->ops[l->lost];
    int r = l->ns < 0 ? -EBADF : mend(l->ns, l->s->plan, l->lost);
    if (r >= 0) {
        l->mend_at = 0;
        l->lost_told = false;
        size_t index = l->lost;
        l->lost = SIZE_MAX;
        account_fence(l, true, op->target, "the mount was put back");
        loop_tell(l, MSG_MENDED, (int64_t)index); /* before the group, and init with it, goes on */
        loop_release(l);
        return;
    }
    if (!l->lost_told) {
        _cleanup_buf_ struct buf text = { 0 };
        buf_printf(&text, "%s was removed or replaced from outside and cannot be held now (%s); the command is frozen until it "
                   "is there again; end it with SIGTERM to this process", op->target, strerror(-r));
        loop_say(l, text.data ? text.data : op->target);
        l->lost_told = true;
    }
    l->mend_at = loop_now() + MEND_RETRY_MS;
}

static int on_lost(struct loop *l, const struct message *m)
{
    if (l->lost != SIZE_MAX || m->code < 0 || m->value < 0 || (size_t)m->value >= l->s->plan->n)
        return -EBADMSG;
    l->lost = (size_t)m->value;
    if (!(l->s->plan->ops[l->lost].flags & OP_WATCHED))
        return -EBADMSG;
    account_fence(l, false, l->s->plan->ops[l->lost].target, "the mount was undone from outside");
    if (!l->s->policy->quiet) {
        _cleanup_buf_ struct buf text = { 0 };
        buf_printf(&text, "%s was replaced from outside, which undid its protection; the command %s",
                   l->s->plan->ops[l->lost].target,
                   l->s->policy->strict    ? "is ended, as strict = yes asks"
                   : l->s->policy->microvm ? "is ended, as in a microVM it cannot be put back"
                                           : "was stopped while it is put back");
        loop_say(l, text.data ? text.data : "a mount was lost");
    }
    if (l->s->policy->strict || l->s->policy->microvm) /* the file server has mounts of its own, which nobody mends */
        loop_kill(l); /* what the payload did in between, or while others of it ran on, cannot be known */
    else if (loop_hold(l, m->code))
        mend_lost(l);
    return 0;
}

/* One message of init's. -EBADMSG: not permitted now. */
static int serve_message(struct loop *l)
{
    struct message m;
    _cleanup_close_ int fd = -1;
    int r = channel_receive(l->s->channel, &m, &fd);
    if (r < 0)
        return r;
    bool running = l->stage == STAGE_RUNNING;

    switch (m.kind) {
    case MSG_FAILED:
        on_failed(l, &m);
        return 0;
    case MSG_VIEW:
        return l->stage == STAGE_BUILDING ? on_view(l, &fd) : -EBADMSG;
    case MSG_READY:
        return on_ready(l, &fd);
    case MSG_STARTED:
        if (running || l->stage == STAGE_OVER)
            return -EBADMSG;
        l->stage = STAGE_RUNNING;
        terminal_started(l->s->terminal);
        if (l->stop_early)
            loop_tell(l, MSG_SIGNAL, SIGTSTP);
        confine_once(l);
        account_start(l);
        return 0;
    case MSG_NOEXEC:
        if (running)
            return -EBADMSG;
        on_noexec(l, &m);
        return 0;
    case MSG_STOPPED:
        if (!running)
            return -EBADMSG;
        on_stopped(l, (int)m.value);
        return 0;
    case MSG_EXITED:
        if (!running)
            return -EBADMSG;
        on_exited(l, m.value);
        return 0;
    case MSG_LOST:
        return running ? on_lost(l, &m) : -EBADMSG;
    case MSG_FROZEN:
        return running ? loop_on_frozen(l, &m) : -EBADMSG;
    default:
        return -EBADMSG;
    }
}

static void say_time_is_up(const struct loop *l)
{
    const struct origin *origin = &l->s->policy->time.origin;
    _cleanup_buf_ struct buf text = { 0 };
    int r = origin_print(&text, origin, origin_is_option(origin) ? "timeout" : "time");
    if (r >= 0)
        r = buf_str(&text, "time limit reached; ending the command (write a longer one if it needs more)");
    loop_say(l, r >= 0 ? text.data : "time limit reached; ending the command");
}

static void on_time(struct loop *l)
{
    int64_t now = loop_now();
    if (l->limit_at && now >= l->limit_at && !l->timed_out) {
        l->timed_out = true;
        say_time_is_up(l);
        account_limit(l, "the time limit was reached");
        loop_end(l, SIGTERM);
    }
    if (l->kill_at && now >= l->kill_at && !l->killed)
        loop_kill(l);
    if (l->mend_at && now >= l->mend_at)
        mend_lost(l);
    if (l->idle_at && now >= l->idle_at) {
        l->idle_at = 0;
        idle_memory_give_back();
    }
    if (terminal_returned(l->s->terminal) > 0)
        loop_tell(l, MSG_FOREGROUND, 1);
}

static int timeout_ms(const struct loop *l)
{
    int64_t next = INT64_MAX;
    int64_t at[] = { l->timed_out ? 0 : l->limit_at, l->killed ? 0 : l->kill_at, l->mend_at, l->idle_at,
                     control_next(&l->control), ask_next(&l->ask), open_url_next(l), evidence_next(l->s->evidence),
                     terminal_left(l->s->terminal) ? loop_now() + TERMINAL_LOOK_MS : 0 };
    for (size_t i = 0; i < ELEMENTSOF(at); i++)
        if (at[i] && at[i] < next)
            next = at[i];
    if (next == INT64_MAX)
        return -1;
    int64_t left = next - loop_now();
    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static void on_signal(struct loop *l)
{
    int signal;
    bool typed;
    while (signals_read(l->s->signals, &signal, &typed) == 0) {
        switch (signals_action(signal, typed)) {
        case SIGNAL_END:
            loop_end(l, signal);
            break;
        case SIGNAL_FORWARD:
            if (l->stage == STAGE_RUNNING) {
                loop_tell(l, MSG_SIGNAL, signal);
                if (signal == SIGINT || signal == SIGQUIT)
                    loop_tell(l, MSG_SIGNAL, SIGCONT); /* a stopped payload could not heed it */
            } else if (signal == SIGINT || signal == SIGQUIT) {
                loop_end(l, signal);
            } else if (signal == SIGTSTP) {
                l->stop_early = true; /* others are lost on a command that does not run yet */
            }
            break;
        case SIGNAL_RESIZE:
            terminal_resize(l->s->terminal);
            break;
        case SIGNAL_CONTINUED: {
            int foreground = terminal_continued(l->s->terminal);
            if (foreground >= 0)
                loop_tell(l, MSG_FOREGROUND, foreground);
            else if (l->stage == STAGE_RUNNING) /* before, init takes nothing but MSG_GO */
                loop_tell(l, MSG_SIGNAL, SIGCONT);
            l->stop_early = false;
            break;
        }
        }
    }
}

/* The channel first, to its end: what init said before it died counts. */
static void serve_channel(struct loop *l)
{
    int r = serve_message(l);
    if (r >= 0)
        return;
    if (r != -EPIPE) {
        char text[256] = "the jail's init said something that it may not; ending the jail";
        if (r != -EBADMSG)
            snprintf(text, sizeof(text), "the jail's init cannot be heard: %s: %s", strerror(-r), cure_of_errno(-r));
        loop_say(l, text);
        l->status = STATUS_FAILED;
        loop_kill(l);
    }
    close(l->s->channel);
    l->s->channel = -1;
}

/* One round: wait and serve. False when init is dead and all it said was heard. */
static bool serve_once(struct loop *l)
{
    enum { CHANNEL, INIT, SIGNALS, TERMINAL, FILES = TERMINAL + TERMINAL_POLLFDS,
           CONTROL = FILES + STDIO_POLLFDS, GATEWAY = CONTROL + CONTROL_POLLFDS, ASK, OBSERVED, PARENT, N };
    struct pollfd fds[N] = {
        [CHANNEL] = { .fd = l->s->channel, .events = POLLIN },
        [INIT] = { .fd = l->s->channel < 0 ? l->s->pidfd : -1, .events = POLLIN },
        [SIGNALS] = { .fd = l->s->signals->fd, .events = POLLIN },
    };
    for (int i = TERMINAL; i < N; i++)
        fds[i].fd = -1;
    if (l->s->terminal)
        terminal_pollfds(l->s->terminal, &fds[TERMINAL]);
    stdio_pollfds(l->s->stdio, &fds[FILES]);
    control_pollfds(&l->control, &fds[CONTROL]);
    account_flush(l);
    fds[GATEWAY] = (struct pollfd){ .fd = l->s->gateway->events, .events = POLLIN };
    fds[ASK] = ask_pollfd(&l->ask);
    fds[PARENT] = (struct pollfd){ .fd = l->killed ? -1 : l->s->parent, .events = POLLIN };
    if (l->stage == STAGE_RUNNING) /* the record begins with the jail's start */
        fds[OBSERVED] = (struct pollfd){ .fd = l->s->observed, .events = POLLIN };

    if (poll(fds, N, timeout_ms(l)) < 0) {
        if (errno != EINTR)
            loop_kill(l);
        return true;
    }
    if (fds[OBSERVED].revents)
        observed_serve(l);
    if (fds[CHANNEL].revents)
        serve_channel(l);
    if (fds[SIGNALS].revents || fds[TERMINAL + 1].revents) /* stopped and continued since: what is typed is the shell's */
        on_signal(l);
    if (l->s->terminal && terminal_handle(l->s->terminal, &fds[TERMINAL]) != 0)
        loop_end(l, SIGHUP);
    stdio_handle(l->s->stdio, &fds[FILES]);
    if (fds[GATEWAY].revents)
        gateway_serve(l);
    ask_serve(l, fds[ASK].revents);
    open_url_serve(l);
    if (fds[PARENT].revents && l->stage != STAGE_OVER) {
        l->ended_by = "the process that started agentjail has ended, and with it the command (--die-with-parent)";
        loop_kill(l);
    }
    control_handle(&l->control, &fds[CONTROL], loop_now(), control_rows, l->stage, l);
    on_time(l);
    return !fds[INIT].revents;
}

/* What the end of the jail means when init did not say. */
static int unexplained(const struct loop *l)
{
    if (l->ended_by)
        loop_say(l, l->ended_by);
    if (l->ending)
        return 128 + l->ending;
    if (l->ended_by)
        return 128 + SIGKILL;
    if (cgroup_was_oom(l->s->cgroup))
        loop_say(l, "the memory limit was reached and the command was killed");
    else
        loop_say(l, "the jail was killed from outside");
    return 128 + SIGKILL;
}

/* When init says that the payload has ended, it has reaped every other process and is about to exit: what remains is the
 * kernel's taking down of its namespaces. That is waited for only when something of ours hangs on it: a cgroup to
 * remove, or that it be reaped where nobody else would. */
static bool may_leave(const struct loop *l)
{
    return l->stage == STAGE_OVER && l->exited && !l->await_init;
}

static void wait_init(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
}

/* To who sits before a terminal: what has become of the files, and what was denied. Programs that read our standard error
 * get nothing, unless they have asked for it. */
static void tell_summary(const struct loop *l)
{
    _cleanup_buf_ struct buf text = { 0 };
    bool ran = l->exited || l->stage == STAGE_RUNNING;
    bool told = l->s->policy->summary && !l->s->report->file; /* all of that, and more */
    if (!ran || told || l->s->policy->quiet || (!l->s->policy->verbose && !isatty(STDERR_FILENO)))
        return;
    int r = changes_print(l->s->plan, l->s->policy->workspace, l->since, CHANGES_LIMITS, &text);
    if (r >= 0)
        r = summary_print(&l->summary, &text);
    const char *remedy = summary_remedy(&l->summary);
    if (r >= 0 && remedy)
        r = drop_in_tell(l->s->policy, remedy, &text);
    if (r >= 0 && l->s->policy->verbose)
        r = reached_print(&l->reached, &text);
    for (char *rest = text.data, *line; r >= 0 && (line = record_line(&rest));)
        fprintf(stderr, "agentjail: %s\n", line);
}

int supervise(struct supervise *s)
{
    struct loop l = { .s = s, .ns = -1, .status = -1, .lost = SIZE_MAX, .since = wall_ns() };
    if (s->policy->time.set)
        l.limit_at = loop_now() + (int64_t)s->policy->time.value;

    control_init(&l.control);
    ask_init(&l.ask, s->policy);
    l.open.listener = -1;
    attach_limits(&l);
    if (s->cgroup->way != HOST_CGROUP_NONE)
        register_jail(&l);
    while (serve_once(&l) && !may_leave(&l))
        ;
    if (!may_leave(&l))
        wait_init(s->pid);
    control_close(&l.control);
    ask_end(&l);
    open_url_end(&l);
    gateway_end(&l);
    observed_end(&l);
    stdio_end(s->stdio);
    terminal_end(s->terminal, l.killed || l.status < 0 || l.status >= 128, s->signals);
    if (l.again && !l.ending)
        return SUPERVISE_AGAIN;
    if (l.status < 0)
        l.status = unexplained(&l);
    else if (l.status > 128 && cgroup_was_oom(s->cgroup))
        loop_say(&l, "the memory limit was reached and a process was killed");
    if (cgroup_was_oom(s->cgroup))
        account_limit(&l, "the memory limit was reached");
    run_report_files(s->report, &l);
    account_stop(&l, l.timed_out ? STATUS_TIMEOUT : l.status, l.ended_by);
    tell_summary(&l);
    if (learning_end(s->learning, &l, l.timed_out ? STATUS_TIMEOUT : l.status) < 0 && l.status == 0)
        l.status = STATUS_FAILED;
    summary_free(&l.summary);
    reached_free(&l.reached);
    cleanup_close(&l.ns);
    cleanup_close(&s->pidfd);
    return l.timed_out ? STATUS_TIMEOUT : l.status;
}
