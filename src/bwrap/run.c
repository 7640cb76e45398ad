/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. This is the monitor of a jail that bubblewrap's command line describes. It takes the command line
 * apart, looks up on the host what the options need, clones the jail's first process (bwrap/enter.c), tells those who
 * want to know its pid, and waits. The jail is in the registry like any other: --list shows it, --kill ends it. No
 * signal is taken: what would end bubblewrap ends us, and the command only with --die-with-parent.
 *
 * The new process may be in a user namespace where it is anything; what it says is MSG_STARTED, MSG_EXITED, MSG_NOEXEC or
 * MSG_FAILED, once each, and nothing is believed but that. */
#include "bwrap/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "bwrap/descriptors.h"
#include "bwrap/enter.h"
#include "bwrap/environment.h"
#include "bwrap/message.h"
#include "bwrap/status.h"
#include "ipc/channel.h"
#include "lockdown/caps.h"
#include "monitor/confine.h"
#include "monitor/registry.h"
#include "profile/ceiling.h"
#include "sys/fds.h"
#include "sys/syscalls.h"

/* What we stand in for, as its --version says it: callers compare it. */
#define BUBBLEWRAP_VERSION "bubblewrap 0.11.1"

struct bwrap_run {
    struct bwrap_args args;
    struct bwrap_enter enter;
    struct strv env;
    struct registry registry;
    char *cwd;
    char console[64];
    int channel, pidfd;
    pid_t pid;
    int64_t born[2];
    bool failed, started;
};

bool bwrap_called(int argc, char *const *argv)
{
    const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
    if (argc > 0 && strcmp(name ? name + 1 : argv[0], "bwrap") == 0)
        return true;
    return argc > 1 && strcmp(argv[1], "--bwrap") == 0;
}

static int refuse(const struct bwrap_run *run, const char *text)
{
    bwrap_say(&run->args, text);
    return 1;
}

static int refuse_errno(const struct bwrap_run *run, const char *what, int error)
{
    char text[512];
    snprintf(text, sizeof(text), "%s: %s", what, strerror(-error));
    return refuse(run, text);
}

static bool on(const struct bwrap_run *run, unsigned bits)
{
    return run->args.switches & bits;
}

/* Which options do not go together, or need another. NULL: all is well. */
static const char *find_conflict(const struct bwrap_run *run)
{
    const struct bwrap_args *a = &run->args;
    bool user = on(run, BWRAP_UNSHARE_USER), joins = a->fds[BWRAP_FD_USERNS] >= 0;
    bool blocks = a->fds[BWRAP_FD_USERNS_BLOCK] >= 0;
    if (blocks && !user)
        return "--userns-block-fd requires --unshare-user";
    if (blocks && a->fds[BWRAP_FD_INFO] < 0)
        return "--userns-block-fd requires --info-fd";
    if (joins && user)
        return "--userns not compatible --unshare-user";
    if (joins && on(run, BWRAP_UNSHARE_USER_TRY))
        return "--userns not compatible --unshare-user-try";
    if (on(run, BWRAP_DISABLE_USERNS) && !user)
        return "--disable-userns requires --unshare-user";
    if (on(run, BWRAP_DISABLE_USERNS) && blocks)
        return "--disable-userns is not compatible with  --userns-block-fd";
    return NULL;
}

static const char *find_lack(const struct bwrap_run *run)
{
    const struct bwrap_args *a = &run->args;
    const struct bwrap_enter *e = &run->enter;
    bool mapped = on(run, BWRAP_UNSHARE_USER) || a->fds[BWRAP_FD_USERNS] >= 0;
    if (!mapped && e->uid != e->real_uid)
        return "Specifying --uid requires --unshare-user or --userns";
    if (!mapped && e->gid != e->real_gid)
        return "Specifying --gid requires --unshare-user or --userns";
    if (!on(run, BWRAP_UNSHARE_UTS) && a->hostname)
        return "Specifying --hostname requires --unshare-uts";
    if (on(run, BWRAP_AS_PID_1) && !on(run, BWRAP_UNSHARE_PID))
        return "Specifying --as-pid-1 requires --unshare-pid";
    if (on(run, BWRAP_AS_PID_1) && a->n_locks)
        return "Specifying --as-pid-1 and --lock-file is not permitted";
    return NULL;
}

static bool file_begins(const char *path, const char *text)
{
    _cleanup_buf_ struct buf content = { 0 };
    return buf_read_file(&content, AT_FDCWD, path, 64) >= 0 && content.data &&
           strncmp(content.data, text, strlen(text)) == 0;
}

/* --unshare-user-try: whether this kernel lets anybody. */
static bool userns_possible(void)
{
    return access("/proc/self/ns/user", F_OK) == 0 && !file_begins("/sys/module/user_namespace/parameters/enable", "N") &&
           !file_begins("/proc/sys/user/max_user_namespaces", "0\n");
}

static uint64_t wanted_namespaces(const struct bwrap_run *run)
{
    static const struct {
        unsigned on;
        uint64_t flag;
    } kinds[] = { { BWRAP_UNSHARE_USER, CLONE_NEWUSER }, { BWRAP_UNSHARE_PID, CLONE_NEWPID },
                  { BWRAP_UNSHARE_NET, CLONE_NEWNET },   { BWRAP_UNSHARE_IPC, CLONE_NEWIPC },
                  { BWRAP_UNSHARE_UTS, CLONE_NEWUTS },   { BWRAP_UNSHARE_CGROUP, CLONE_NEWCGROUP } };
    uint64_t flags = CLONE_NEWNS;
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (on(run, kinds[i].on))
            flags |= kinds[i].flag;
    if (on(run, BWRAP_UNSHARE_CGROUP_TRY) && access("/proc/self/ns/cgroup", F_OK) == 0)
        flags |= CLONE_NEWCGROUP;
    return flags;
}

/* What --bind-fd names: the path to bind, and what must be found there. */
static int resolve_fd(struct op *op, struct buf *why)
{
    char path[PATH_MAX];
    struct stat st = { 0 };
    ssize_t n = op->fd == BWRAP_FD_NONE || fstat(op->fd, &st) < 0 ? -1 : readlink(op->source, path, sizeof(path) - 1);
    int r = n < 0 || path[0] != '/' ? -ENOENT : 0; /* a pipe has no place */
    path[n < 0 ? 0 : n] = '\0';
    char *source = r < 0 ? NULL : strdup(path);
    if (!source) {
        r = r < 0 ? r : -ENOMEM;
        (void)buf_printf(why, "Can't find source path %s: %s", op->source, strerror(-r));
        return r;
    }
    free(op->source);
    op->source = source;
    op->dev = st.st_dev;
    op->ino = st.st_ino;
    return 0;
}

/* What of the plan depends on the host or on other options. */
static int finish_plan(struct bwrap_run *run, struct buf *why)
{
    struct plan *plan = &run->args.plan;
    bool own_proc = on(run, BWRAP_UNSHARE_PID) || run->args.fds[BWRAP_FD_PIDNS] >= 0;
    for (size_t i = 0; i < plan->n; i++) {
        struct op *op = &plan->ops[i];
        int r = op->kind == OP_BIND && op->fd >= 0 ? resolve_fd(op, why) : 0;
        if (r < 0)
            return r;
        if (op->kind == OP_PROC && !own_proc) {
            op->source = strdup("/proc");
            if (!op->source)
                return -ENOMEM;
        }
    }
    return 0;
}

/* Labels are SELinux's in bubblewrap. */
static const char *find_label(struct bwrap_run *run)
{
    if (!run->args.exec_label && !run->args.file_label)
        return NULL;
    if (access("/sys/fs/selinux/enforce", F_OK) < 0)
        return "labeling not supported on this system";
    if (run->args.exec_label)
        run->enter.start.label = LABEL_SELINUX;
    return NULL;
}

/* Take the options for what they are on this host. 0, or the exit status with a message printed. */
static int resolve(struct bwrap_run *run)
{
    struct bwrap_args *a = &run->args;
    struct bwrap_enter *e = &run->enter;
    _cleanup_buf_ struct buf why = { 0 };
    const char *bad = find_label(run);
    if (!bad)
        bad = find_conflict(run);
    if (bad)
        return refuse(run, bad);
    if (a->fds[BWRAP_FD_USERNS] < 0 && (e->real_uid != 0 || (on(run, BWRAP_UNSHARE_USER_TRY) && userns_possible())))
        a->switches |= BWRAP_UNSHARE_USER;
    e->uid = a->uid < 0 ? e->real_uid : (uid_t)a->uid;
    e->gid = a->gid < 0 ? e->real_gid : (gid_t)a->gid;
    bad = find_lack(run);
    if (bad)
        return refuse(run, bad);

    bwrap_descriptors_settle(a);
    if (a->fds[BWRAP_FD_INFO] == BWRAP_FD_NONE || a->fds[BWRAP_FD_JSON_STATUS] == BWRAP_FD_NONE)
        return refuse_errno(run, "Write to info_fd", -EBADF);

    if (finish_plan(run, &why) < 0)
        return refuse(run, why.data ? why.data : "out of memory");
    run->cwd = get_current_dir_name();
    e->cwd = run->cwd;
    if (a->needs_devpts && ttyname_r(STDOUT_FILENO, run->console, sizeof(run->console)) == 0)
        e->console = run->console;
    e->wanted = wanted_namespaces(run);
    e->looked_at = a->fds[BWRAP_FD_INFO] >= 0 || a->fds[BWRAP_FD_JSON_STATUS] >= 0;
    e->joined = a->fds[BWRAP_FD_USERNS] >= 0;
    if (bwrap_environment(environ, a, &run->env, &e->pwd) < 0)
        return refuse(run, "out of memory");
    e->env = run->env.v;
    if (sched_getaffinity(0, sizeof(e->cpus), &e->cpus) < 0)
        CPU_ZERO(&e->cpus);
    return 0;
}

static int64_t boot_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int explain_clone(const struct bwrap_run *run, int error)
{
    if (run->enter.wanted & CLONE_NEWUSER && error == -EINVAL)
        return refuse(run, "Creating new namespace failed, likely because the kernel does not support user namespaces.");
    if (run->enter.wanted & CLONE_NEWUSER && error == -EPERM)
        return refuse(run, "No permissions to create a new namespace, likely because the kernel does not allow "
                           "non-privileged user namespaces. agentjail --doctor tells what to do.");
    if (error == -ENOSPC)
        return refuse(run, "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded "
                           "(ENOSPC)");
    return refuse_errno(run, "Creating new namespace failed", error);
}

static int join_namespaces(struct bwrap_run *run)
{
    int user = run->args.fds[BWRAP_FD_USERNS], pid = run->args.fds[BWRAP_FD_PIDNS];
    if (user >= 0 && setns(user, CLONE_NEWUSER) < 0)
        return errno == EINVAL ? refuse(run, "Joining the specified user namespace failed, it might not be a descendant "
                                             "of the current user namespace.")
                               : refuse_errno(run, "Joining specified user namespace failed", -errno);
    if (pid >= 0 && setns(pid, CLONE_NEWPID) < 0)
        return refuse_errno(run, "Setting pidns failed", -errno);
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

/* 0, or the exit status. */
static int clone_child(struct bwrap_run *run)
{
    struct bwrap_enter *e = &run->enter;
    int channel;
    int r = channel_pair(&run->channel, &channel);
    if (r < 0)
        return refuse_errno(run, "no channel to the new process", r);
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
        .born = { run->born[0], run->born[1] },
        .profile = profile,
        .network = on(run, BWRAP_UNSHARE_NET) ? "none" : "host",
        .command = run->args.command,
    };
    if (registry_name(&run->registry) >= 0 && registry_add(&run->registry, runtime, has_state ? state : NULL, &facts) >= 0)
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
            return refuse_errno(run, "Write to info_fd", r);
        if (fds[i] == BWRAP_FD_INFO)
            bwrap_descriptor_drop(fd);
    }
    if (a->fds[BWRAP_FD_USERNS_BLOCK] >= 0) {
        char byte;
        while (read(a->fds[BWRAP_FD_USERNS_BLOCK], &byte, 1) < 0 && errno == EINTR)
            ;
    }
    struct message m = { .kind = MSG_GO };
    if (run->enter.looked_at)
        channel_send(run->channel, &m, -1); /* a process that is gone shows below */
    return 0;
}

/* parent: who it was when we began; it may have ended since. */
static int die_with_parent(const struct bwrap_run *run, pid_t parent)
{
    if (!on(run, BWRAP_DIE_WITH_PARENT))
        return 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -errno;
    return getppid() == parent ? 0 : raise(SIGKILL);
}

/* From here on we need little. Descriptors that the caller left open are the command's alone. */
static int give_up_power(struct bwrap_run *run, pid_t parent)
{
    int keep[] = { run->channel, run->pidfd, run->registry.dir, run->registry.entry,
                   run->args.fds[BWRAP_FD_JSON_STATUS] };
    int r = fds_close_others(STDERR_FILENO + 1, keep, ELEMENTSOF(keep));
    if (r < 0)
        return r;
    r = caps_set(0);
    if (r < 0 && r != -EPERM)
        return r;
    r = die_with_parent(run, parent); /* once more: a user namespace that was joined has changed what we are */
    return r < 0 || !fence_on(FENCE_DUMPABLE) ? r : monitor_confine();
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 255;
}

/* Hear what becomes of the command; the exit status once it is known. A command that needs no init closes the channel by
 * being executed. */
static int await(struct bwrap_run *run)
{
    for (;;) {
        struct message m;
        _cleanup_close_ int fd = -1;
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
            while (waitpid(run->pid, &status, 0) < 0)
                if (errno != EINTR)
                    return 255;
            return run->failed ? 1 : status_of(status);
        }
    }
}

static int serve(struct bwrap_run *run, pid_t parent)
{
    int status = tell_outside(run);
    if (status != 0) {
        sys_pidfd_send_signal(run->pidfd, SIGKILL); /* it waits for us */
        return status;
    }
    register_jail(run);
    int r = give_up_power(run, parent);
    if (r < 0) {
        sys_pidfd_send_signal(run->pidfd, SIGKILL);
        return refuse_errno(run, "the monitor cannot confine itself", r);
    }
    status = await(run);
    registry_remove(&run->registry);
    _cleanup_buf_ struct buf text = { 0 };
    int fd = run->args.fds[BWRAP_FD_JSON_STATUS];
    if (fd >= 0 && run->started && status_exit(status, &text) >= 0)
        status_write(fd, &text); /* nobody may be there to read it */
    return status;
}

static int print(const char *text, FILE *to)
{
    return fputs(text, to) < 0 || fflush(to) != 0;
}

static int usage(const char *name, FILE *to)
{
    _cleanup_buf_ struct buf text = { 0 };
    return bwrap_usage(name, &text) < 0 || print(text.data, to) || to == stderr;
}

static int run_command(struct bwrap_run *run, char *const *argv, pid_t parent)
{
    if (!run->args.command[0])
        return usage(argv[0], stderr);
    int r = die_with_parent(run, parent);
    if (r < 0)
        return refuse_errno(run, "prctl", r);
    _cleanup_buf_ struct buf why = { 0 };
    if (ceiling_check_bwrap(&why) < 0)
        return refuse(run, why.data ? why.data : "the administrator's ceilings cannot be read");
    signal(SIGCHLD, SIG_DFL); /* a caller that ignores it would have us wait in vain */
    sigprocmask(SIG_SETMASK, NULL, &run->enter.start.mask);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return refuse_errno(run, "prctl(PR_SET_NO_NEW_PRIVS) failed", -errno);
    int status = resolve(run);
    if (status == 0)
        status = clone_child(run);
    return status == 0 ? serve(run, parent) : status;
}

/* Root's own are the command's if nothing else is said. Anybody else has none, or this program has been given some that its
 * options would lend to everybody: how bubblewrap's set-up was abused where it was setuid. 0, or the exit status. */
static int take_capabilities(struct bwrap_run *run)
{
    uint64_t effective, permitted;
    if (caps_get(&effective, &permitted) < 0)
        return refuse(run, "capget failed");
    if (run->enter.real_uid != 0 && permitted)
        return refuse(run, "Unexpected capabilities but not setuid, old file caps config?");
    run->args.caps = run->enter.real_uid == 0 ? effective : 0;
    return 0;
}

int bwrap_main(int argc, char **argv)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct bwrap_run run = { .registry = REGISTRY_EMPTY, .channel = -1, .pidfd = -1 };
    pid_t parent = getppid(); /* before we read what may keep us waiting */
    int skip = argc > 1 && strcmp(argv[1], "--bwrap") == 0 ? 2 : 1;
    run.args.read = bwrap_descriptor_read_given;
    run.enter.args = &run.args;
    run.enter.real_uid = getuid();
    run.enter.real_gid = getgid();
    if (argc <= skip)
        return usage(argc > 0 ? argv[0] : "bwrap", stderr);
    int status = take_capabilities(&run);
    if (status != 0)
        return status;

    int r = bwrap_args_parse(&run.args, argc - skip, argv + skip, &why);
    if (run.args.warnings.data)
        print(run.args.warnings.data, stderr);
    if (r < 0)
        status = refuse(&run, why.data ? why.data : "out of memory");
    else if (run.args.mode == BWRAP_VERSION)
        status = print(BUBBLEWRAP_VERSION "\n", stdout);
    else if (run.args.mode == BWRAP_HELP)
        status = usage(argv[0], stdout);
    else
        status = run_command(&run, argv, parent);
#ifdef AGENTJAIL_SANITIZED
    bwrap_args_free(&run.args);
    strv_free(&run.env);
    free(run.cwd);
#endif
    return status;
}
