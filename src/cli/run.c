/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a command line to a jail. The jail's first process is cloned at once and makes its namespaces while everything
 * that it will be made from is resolved here; it goes on only when all of that is there (jail/handover.h). Nothing of the
 * command's runs before. */
#include "cli/run.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cure.h"
#include "base/fence_switch.h"
#include "cli/prepare.h"
#include "filter/filter.h"
#include "host/host_probe.h"
#include "ipc/channel.h"
#include "ipc/start.h"
#include "jail/handover.h"
#include "jail/jail.h"
#include "lockdown/landlock.h"
#include "monitor/account.h"
#include "monitor/learning.h"
#include "monitor/run_report.h"
#include "monitor/supervise.h"
#include "plan/guarded.h"
#include "sys/library.h"
#include "sys/syscalls.h"
#include "terminal/signals.h"
#include "terminal/stdio.h"
#include "terminal/terminal.h"

/* A file that is replaced between our look at it and its bind, as package upgrades and editors do, is looked at again. */
#define TRIES 3

static bool is_watched(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->ops[i].flags & OP_WATCHED)
            return true;
    return false;
}

static int explain_clone(int error, struct buf *why)
{
    const char *fix = NULL;
    enum host_userns state = host_userns(NULL);
    buf_printf(why, "the jail's namespaces cannot be made: %s", strerror(-error));
    if (state != USERNS_WORKS) {
        buf_printf(why, ": %s", host_userns_text(state));
        fix = host_userns_fix(state);
    }
    if (fix)
        buf_printf(why, "; %s", fix);
    if (state == USERNS_WORKS)
        buf_printf(why, ": %s", cure_of_errno(-error));
    else
        buf_str(why, " (agentjail --doctor tells more)");
    return error;
}

/* The memory that holds our command line: one string behind the other, as execve(2) lays them out. */
static void find_title(struct jail_clone *with, char *const *command)
{
    char *last = command[0];
    if (!last)
        return;
    while (*command)
        last = *command++;
    char *end = last + strlen(last);
    char *begin = program_invocation_name;
    if (end > begin && end - begin < (ptrdiff_t)(8UL << 20)) {
        with->title = begin;
        with->title_len = (size_t)(end - begin);
    }
}

/* A new process often starts on its parent's CPU, behind it. The jail's is to start at once, on another; it takes back
 * all of cpus when it is built, which is after we have sent MSG_BUILD. */
static void move_away(pid_t pid, const cpu_set_t *cpus)
{
    cpu_set_t others = *cpus;
    int cpu = sched_getcpu();
    if (pid <= 0 || cpu < 0 || cpu >= CPU_SETSIZE || CPU_COUNT(&others) < 2)
        return;
    CPU_CLR(cpu, &others);
    sched_setaffinity(pid, sizeof(others), &others); /* for speed only */
}

static int64_t boot_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Clone the jail's first process. The child is in jail_main() and does not come back. */
static int clone_jail(const struct run *run, struct handover *handover, struct supervise *s, struct buf *why)
{
    struct jail_clone with = { .handover = handover, .uid = getuid(), .gid = getgid() };
    int r = handover_open(handover);
    if (r >= 0)
        r = channel_pair(&s->channel, &with.channel);
    if (r < 0) {
        buf_printf(why, "no memory or channel to share with the jail: %s: %s", strerror(-r), cure_of_errno(-r));
        return r;
    }
    find_title(&with, run->request->command);
    if (sched_getaffinity(0, sizeof(with.cpus), &with.cpus) < 0)
        CPU_ZERO(&with.cpus);
    s->born[0] = boot_ms();
    s->pid = sys_fork(jail_namespaces(), &s->pidfd);
    if (s->pid == 0)
        jail_main(&with);
    s->born[1] = boot_ms();
    library_began(s->pid, &s->signals->original);
    move_away(s->pid, &with.cpus);
    close(with.channel);
    if (s->pid < 0)
        return explain_clone(s->pid, why);
    run_step(run, "jail's first process cloned");
    return 0;
}

/* Fds 0-2: which are terminals, and whether the others may be handed to the command. */
static int prepare_terminal(struct supervise *s, struct jail_start *with, struct buf *why)
{
    int r = fence_on(FENCE_PTY) ? terminal_probe(&s->terminal) : 0;
    if (r < 0) {
        buf_printf(why, "the terminal cannot be used: %s: %s", strerror(-r), cure_of_errno(-r));
        return r;
    }
    if (!s->terminal)
        return 0;
    terminal_replaces(s->terminal, with->terminal);
    with->background = terminal_background(s->terminal);
    with->wait_go = true;
    return 0;
}

/* The way for what init is to tell of the payload's calls: those that it serves. */
static int hand_over_observed(struct supervise *s)
{
    struct message m = { .kind = MSG_OBSERVE };
    _cleanup_close_ int theirs = -1;
    int r = channel_pair(&s->observed, &theirs);
    return r < 0 ? r : channel_send(s->channel, &m, theirs);
}

/* Hand everything over. What is relayed instead of fds 0-2 goes first, and the way to the gateway. */
static int hand_over(struct handover *handover, const struct jail_start *with, const struct microvm *microvm,
                     struct supervise *s, struct buf *why)
{
    int r = handover_put(handover, with);
    if (r >= 0 && with->microvm)
        r = microvm_hand_over(microvm, s->channel);
    for (int fd = 0; fd < 3 && r >= 0; fd++) {
        struct message m = { .kind = MSG_FILE, .value = fd };
        if (s->stdio->payload[fd] >= 0)
            r = channel_send(s->channel, &m, s->stdio->payload[fd]);
        cleanup_close(&s->stdio->payload[fd]);
    }
    struct message gateway = { .kind = MSG_GATEWAY };
    if (r >= 0 && s->gateway->jail >= 0)
        r = channel_send(s->channel, &gateway, s->gateway->jail);
    cleanup_close(&s->gateway->jail);
    if (r >= 0 && with->guarded)
        r = hand_over_observed(s);
    struct message build = { .kind = MSG_BUILD };
    if (r >= 0)
        r = channel_send(s->channel, &build, -1);
    handover_close(handover);
    if (r == -EPIPE)
        return 0; /* it has failed and said why, or was killed: supervise() finds out */
    if (r < 0)
        buf_printf(why, "the command line and environment cannot be handed to the jail: %s: %s", strerror(-r),
                   cure_of_errno(-r));
    return r;
}

static int prepare_all(struct run *run, struct jail_start *with, struct supervise *s, struct buf *why)
{
    static char *const nothing[] = { NULL };
    int r = run_prepare(run, why);
    if (r < 0)
        return r;
    enum evidence_level observed = evidence_observes(&run->policy);
    char *const *guarded = run->plan.guarded.v;
    if (!guarded && (observed || run->runs_told || run->sockets))
        guarded = nothing; /* init serves calls for any of these */
    *with = (struct jail_start){
        .policy = &run->policy,
        .plan = &run->plan,
        .filter = &run->filter,
        .argv = run->request->command,
        .path = run->policy.command_path,
        .env = run->env.v,
        .directory = run->directory,
        .watched = is_watched(&run->plan),
        .wait_go = run->cgroup.way != HOST_CGROUP_NONE || run->gateway.pid > 0,
        .network = run->network,
        .landlock_abi = run->landlock_abi,
        .guarded = guarded,
        .sockets = guarded_may(&run->policy) && (run->plan.guarded.v || observed || run->sockets),
        .observed = observed != EVIDENCE_OFF,
        .runs_told = run->runs_told,
        .programs_listed = run->plan.run_listed,
        .observed_reads = observed == EVIDENCE_ALL,
        .observed_missing = run->policy.learn,
        .label = run->label,
        .mask = s->signals->original,
    };
    r = prepare_terminal(s, with, why);
    if (r >= 0 && run->policy.microvm) {
        r = microvm_prepare(with, &run->microvm, why);
        with->microvm = &run->microvm.start;
        run_step(run, "microVM prepared");
    }
    if (r >= 0 && fence_on(FENCE_STDIO) && run->policy.network != NETWORK_HOST)
        r = stdio_check_sockets(with->terminal, why);
    if (r >= 0 && fence_on(FENCE_STDIO))
        r = stdio_prepare(s->stdio, with->terminal, landlock_holds_files(with), why);
    return r;
}

/* What git inside has changed in configurations, and what the host's git would trip over. */
static void keep_git(struct run *run)
{
    _cleanup_git_notes_ struct git_notes notes = { 0 };
    git_copies_end(&run->git, &run->policy, &notes);
    git_links_remove_new(&run->git_links, &notes);
    for (size_t i = 0; i < notes.told.n && !run->policy.quiet; i++)
        run_note(notes.told.v[i]);
    for (size_t i = 0; i < notes.warnings.n; i++)
        run_note(notes.warnings.v[i]);
}

/* --die-with-parent. By a descriptor of the whole process: PR_SET_PDEATHSIG would go by the thread that started us, and end us
 * before we have looked after what the command leaves. */
static int watch_parent(pid_t parent, struct supervise *s, struct buf *why)
{
    s->parent = parent > 0 ? sys_pidfd_open(parent, 0) : -ESRCH;
    if (s->parent >= 0 && getppid() == parent)
        return 0;
    if (s->parent >= 0 || s->parent == -ESRCH) {
        cleanup_close(&s->parent);
        if (parent > 0)
            return buf_str(why, "--die-with-parent: the process that started agentjail has ended") < 0 ? -ENOMEM : -ESRCH;
        s->parent = -ESRCH;
    }
    buf_printf(why, "--die-with-parent: the process that started agentjail cannot be watched: %s",
               parent > 0 ? strerror(-s->parent) : "it is in another pid namespace; leave the option out");
    return s->parent;
}

/* From the clone on: whatever goes wrong, the first process does not survive us. */
static int serve(struct run *run, struct handover *handover, struct supervise *s)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct jail_start with;
    int r = run->request->die_with_parent ? watch_parent(run->parent, s, &why) : 0;
    if (r >= 0)
        r = prepare_all(run, &with, s, &why);
    if (r >= 0) {
        library_begun();
        s->directory = run->directory;
        s->context = run->label == LABEL_SELINUX ? run->policy.label.value : NULL;
        s->may_repeat = s->may_repeat && !run->once;
        r = account_prepare(s, &why);
    }
    if (r >= 0)
        r = run_report_prepare(s->report, run->request->summary, &run->policy, &run->plan, &why);
    if (r >= 0)
        r = learning_prepare(s->learning, run->request, &run->policy, &why);
    if (r >= 0) {
        run_print_notes(run);
        if (why.len && !run->policy.quiet) /* optional fences that are not to be had here */
            run_say(why.data);
        fflush(NULL);
        buf_free(&why);
        r = hand_over(handover, &with, &run->microvm, s, &why);
    }
    if (r < 0) {
        sys_pidfd_send_signal(s->pidfd, SIGKILL);
        waitpid(s->pid, NULL, 0);
        if (why.len == 0)
            buf_printf(&why, "the jail cannot be prepared: %s: %s", strerror(-r), cure_of_errno(-r));
        return run_refuse(&why);
    }
    run_step(run, "handed over");
    r = terminal_watch(s->terminal);
    if (r < 0)
        fprintf(stderr, "agentjail: the terminal will not be put back if agentjail is killed: %s: %s\n", strerror(-r),
                cure_of_errno(-r));
    int status = supervise(s);
    if (status != SUPERVISE_AGAIN)
        keep_git(run);
    return status;
}

/* One try, from the profile files to the end of the command. */
static int run_once(const struct policy_request *request, pid_t parent, bool may_repeat)
{
    _cleanup_run_ struct run run = RUN_EMPTY(request);
    run.parent = parent;
    _cleanup_buf_ struct buf why = { 0 };
    struct signals signals = { .fd = -1 };
    struct stdio stdio = STDIO_EMPTY;
    struct handover handover = { 0 };
    struct evidence evidence = EVIDENCE_EMPTY;
    struct run_report report = RUN_REPORT_EMPTY;
    struct learning learning = LEARNING_EMPTY;
    struct supervise s = {
        .may_repeat = may_repeat,
        .policy = &run.policy,
        .plan = &run.plan,
        .command = request->command[0],
        .argv = request->command,
        .cgroup = &run.cgroup,
        .registry = &run.registry,
        .evidence = &evidence,
        .report = &report,
        .learning = &learning,
        .gateway = &run.gateway,
        .signals = &signals,
        .stdio = &stdio,
        .channel = -1,
        .observed = -1,
        .parent = -1,
        .pidfd = -1,
    };

    clock_gettime(CLOCK_MONOTONIC, &run.begin);
    int r = signals_setup(&signals);
    if (r < 0) {
        buf_printf(&why, "signals cannot be taken: %s: %s", strerror(-r), cure_of_errno(-r));
        return run_refuse(&why);
    }
    if (clone_jail(&run, &handover, &s, &why) < 0)
        return run_refuse(&why);
    int status = serve(&run, &handover, &s);
    evidence_end(&evidence);
    run_report_free(&report);
    learning_free(&learning);
    signals_end(&signals);
    cleanup_close(&s.parent);
    return status;
}

int run_main(const struct policy_request *request)
{
    int status = SUPERVISE_AGAIN;
    pid_t parent = getppid(); /* it may end while we are at work */
    for (int left = TRIES; status == SUPERVISE_AGAIN; left--)
        status = run_once(request, parent, left > 1);
    return status;
}
