/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The monitor cloned this process into new user and pid namespaces. It has every capability in
 * them and, until stage 5, sees the host's files. In order:
 *
 *  1. tie     die with the monitor; keep no fd but 0-2 and the channel.
 *  2. users   become uid 0 of the jail's own user namespace (devpts wants a uid 0); make the inner one, in which the
 *             payload will have its own uid and no power over anything the outer one owns; unshare the rest. Then the
 *             root, /dev and /proc, and a thread that makes the network's, which takes the kernel longest.
 *  3. wait    for the monitor, which meanwhile resolves the policy (jail/handover.h).
 *  4. view    pin and build the new root.
 *  5. enter   pivot_root: from here on only ".." at the root leads to the host's files, and the helper takes them down.
 *             With a microVM: start its VMM and file server (jail/microvm.c), while mounts can be made.
 *  6. go      wait until the monitor has put us into our cgroup; own cgroup namespace then, so that it is the root of it.
 *             Enter the helper's network namespace.
 *  7. domain  the Landlock domain that init and payload share; before the payload, so that its own is nested in it.
 *  8. payload lockdown/payload.c takes it from there. Its capabilities are needed for setns(2), so we drop ours after.
 *  9. init    no capabilities, not dumpable, own seccomp filter: init/init.c.
 *
 * Any failure: one MSG_FAILED to the monitor and exit; nothing of the payload's has run. */
#include "jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "init/init.h"
#include "ipc/channel.h"
#include "jail/handover.h"
#include "jail/microvm.h"
#include "jail/namespaces.h"
#include "jail/terminal.h"
#include "jail/view.h"
#include "jail/view_place.h"
#include "lockdown/landlock.h"
#include "lockdown/payload.h"
#include "lockdown/settle.h"
#include "plan/plan.h"
#include "profile/policy.h"
#include "sys/syscalls.h"
#include "sys/userns.h"

#define CHANNEL_FD 3

uint64_t jail_namespaces(void)
{
    return CLONE_NEWUSER | (fence_on(FENCE_PIDNS) ? CLONE_NEWPID : 0);
}

/* The rest, by ourselves: the monitor would wait for them in its clone(2). */
static int unshare_rest(void)
{
    int flags = CLONE_NEWNS;
    if (fence_on(FENCE_IPCNS))
        flags |= CLONE_NEWIPC;
    if (fence_on(FENCE_UTSNS))
        flags |= CLONE_NEWUTS;
    return unshare(flags) < 0 ? -errno : 0;
}

/* error: errno of the failure, for which the monitor knows a cure; 0 if text says all that there is to say. */
_Noreturn static void give_up(int channel, const char *text, int error)
{
    struct message m = { .kind = MSG_FAILED, .code = error };
    snprintf(m.text, sizeof(m.text), "%s", text);
    channel_send(channel, &m, -1);
    _exit(125);
}

_Noreturn static void give_up_errno(int channel, const char *what, int error)
{
    char text[MESSAGE_TEXT_MAX];
    snprintf(text, sizeof(text), "%s: %s", what, strerror(-error));
    give_up(channel, text, -error);
}

/* Stage 1. The channel moves to a known place, everything else is closed: fds that the user's shell left open too. The
 * command line that we were cloned with names the host's files and the profile's options: nobody's business inside. */
static int tie(const struct jail_clone *with)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -errno;
    prctl(PR_SET_NAME, "agentjail-init", 0, 0, 0);
    if (with->title_len) {
        memset(with->title, 0, with->title_len);
        snprintf(with->title, with->title_len, "agentjail-init");
    }
    if (!fence_on(FENCE_FDS))
        return with->channel;
    if (with->channel != CHANNEL_FD && dup3(with->channel, CHANNEL_FD, O_CLOEXEC) < 0)
        return -errno;
    int r = sys_close_range(CHANNEL_FD + 1, ~0U, 0);
    return r < 0 ? r : CHANNEL_FD;
}

/* Two jails hand out the same pids from 1 on, and programs make file names in shared directories from them
 * (KERNEL-FACTS 16): start somewhere else in each. Best effort: not every kernel lets us. */
static void scatter_pids(void)
{
    uint16_t random;
    _cleanup_close_ int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        return;
    char text[16];
    int len = snprintf(text, sizeof(text), "%u", 300U + random % 28000U);
    if (write(fd, text, (size_t)len) < 0)
        return;
}

/* Stage 2. What takes long goes on in a helper. Whether the network namespace is wanted is not known yet. */
static void become_root_of_jail(const struct jail_clone *with, struct namespaces *ns, int channel)
{
    int r = userns_map(0, with->uid, 0, with->gid);
    if (r < 0)
        give_up_errno(channel, "the jail's user namespace cannot be mapped", r);
    *ns = (struct namespaces){
        .uid = with->uid,
        .gid = with->gid,
        .cpus = with->cpus,
        .inner_user = fence_on(FENCE_USERNS2),
        .net = fence_on(FENCE_NETNS),
        .gateway = { .channel = -1, .sysctls = -1 },
    };
    r = namespaces_make_inner(ns);
    if (r < 0)
        give_up_errno(channel, "no second user namespace can be had", r);
    r = unshare_rest();
    if (r < 0)
        give_up_errno(channel, "the jail's namespaces cannot be made", r);
}

/* Stage 3. The monitor's end of the channel closes when it has refused to run the command. */
static const struct jail_start *wait_build(const struct jail_clone *with, int channel, int *ret_gateway, int *ret_observe,
                                           int ret_microvm[2])
{
    for (;;) {
        struct message m;
        _cleanup_close_ int fd = -1;
        if (channel_receive(channel, &m, &fd) < 0)
            _exit(125);
        if (m.kind == MSG_BUILD)
            return handover_get(with->handover);
        if (m.kind == MSG_GATEWAY && fd >= 0 && *ret_gateway < 0) {
            *ret_gateway = TAKE_FD(fd);
            continue;
        }
        if (m.kind == MSG_OBSERVE && fd >= 0 && *ret_observe < 0) {
            *ret_observe = TAKE_FD(fd);
            continue;
        }
        if (m.kind == MSG_MICROVM && fd >= 0 && (m.value == 0 || m.value == 1) && ret_microvm[m.value] < 0) {
            ret_microvm[m.value] = TAKE_FD(fd);
            continue;
        }
        if (m.kind != MSG_FILE || fd < 0 || m.value < 0 || m.value > 2 || dup2(fd, (int)m.value) < 0)
            _exit(125);
    }
}

/* The way to the gateway takes the kernel as long as the mounts do. gateway (taken over): where it expects listeners. */
static void start_gateway(const struct jail_start *start, struct namespaces *ns, int gateway, int channel)
{
    struct network_job job = { .wish = &start->network, .channel = gateway, .sysctls = -1 };
    ns->gateway.channel = gateway; /* for init, also where there is no way out */
    if (!start->network.gateway || !ns->net)
        return;
    job.sysctls = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC); /* the host's, while it is there */
    int r = gateway < 0 ? -EBADMSG : namespaces_start_gateway(ns, &job);
    if (r < 0)
        give_up_errno(channel, "no helper thread can be had", r);
}

/* Stage 3. With two CPUs the monitor has the other one until it has sent MSG_BUILD: the helper would only take turns with
 * one of us, so it is made but waits; root, /dev and /proc come first, for as long as the monitor is not done. */
static const struct jail_start *make_stage(const struct jail_clone *with, struct stage *stage, struct namespaces *ns,
                                           int channel, int *ret_observe, int ret_microvm[2], struct buf *why)
{
    bool room = CPU_COUNT(&with->cpus) > 2;
    int r = namespaces_start(ns);

    if (r < 0)
        give_up_errno(channel, "no helper thread can be had", r);
    if (room)
        namespaces_go(ns);
    while (r >= 0 && !stage_done(stage) && !handover_ready(with->handover))
        r = stage_step(stage, with->uid == 0, why);
    if (!room)
        namespaces_go(ns);
    int gateway = -1;
    const struct jail_start *start = wait_build(with, channel, &gateway, ret_observe, ret_microvm);
    start_gateway(start, ns, gateway, channel);
    while (r >= 0 && !stage_done(stage))
        r = stage_step(stage, with->uid == 0, why);
    if (r < 0)
        give_up(channel, why->data ? why->data : "out of memory", -r);
    return start;
}

/* The network namespace, from the helper. */
static void take_network(const struct jail_start *start, struct namespaces *ns, int channel)
{
    int r = namespaces_wait_net(ns);
    if (r < 0)
        give_up_errno(channel, "the processors that were taken for the start cannot be had back", r);
    r = namespaces_join_gateway(ns);
    if (r < 0)
        give_up_errno(channel, ns->gateway.what, r);
    if (!ns->net || start->policy->network == NETWORK_HOST)
        return;
    if (ns->net_fd < 0)
        give_up_errno(channel, "no network namespace can be had", ns->net_fd);
    if (setns(ns->net_fd, CLONE_NEWNET) < 0)
        give_up_errno(channel, "the network namespace cannot be entered", -errno);
}

static int make_ruleset(const struct jail_start *start, int channel)
{
    bool files = landlock_holds_files(start);
    bool tcp = start->policy->network == NETWORK_NONE && !start->policy->loopback && fence_on(FENCE_LANDLOCK_NET);
    bool abstract = start->sockets && fence_on(FENCE_LANDLOCK_SCOPE);
    int ruleset = landlock_new(start->landlock_abi, files, tcp, abstract);
    if (ruleset < 0 && ruleset != -EOPNOTSUPP)
        give_up_errno(channel, "Landlock has no ruleset for us", ruleset);
    return ruleset < 0 ? -1 : ruleset;
}

/* Stages 4 and 5. */
static void build_view(const struct jail_start *start, struct view *view, struct namespaces *ns, int channel)
{
    int r = view_pin(view);
    if (r >= 0)
        r = view_build(view);
    if (r < 0)
        give_up(channel, view->why->data ? view->why->data : "out of memory", view->failed && view_fail_says_all(r) ? 0 : -r);
    r = view_enter(view);
    if (r < 0)
        give_up(channel, view->why->data ? view->why->data : "out of memory", -r);
    ns->loopback = start->policy->network != NETWORK_NONE || start->policy->loopback;
    namespaces_entered(ns);
}

/* The monitor puts back a mount that the host has detached; it needs our mount namespace for that. */
static void send_namespace(int channel)
{
    _cleanup_close_ int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    struct message m = { .kind = MSG_VIEW };
    int r = ns < 0 ? -errno : channel_send(channel, &m, ns);
    if (r < 0)
        give_up_errno(channel, "the jail's mount namespace cannot be handed over", r);
}

/* Stage 6. */
static void wait_go(const struct jail_start *start, int channel, int ptmx)
{
    if (start->wait_go) {
        struct message m = { .kind = MSG_READY };
        int fd = -1;
        if (channel_send(channel, &m, ptmx) < 0 || channel_receive(channel, &m, &fd) < 0 || m.kind != MSG_GO)
            _exit(125);
    }
    if (fence_on(FENCE_CGROUPNS) && unshare(CLONE_NEWCGROUP) < 0 && errno != EINVAL)
        give_up_errno(channel, "no cgroup namespace can be had", -errno);
}

/* Symlinks are followed only when the host's tree is gone from above the root, where one with enough ".." in it would lead
 * (settle.h): whoever writes in the workspace, as another jail there, may put one in the directory's place at any time. */
static int open_directory(const char *directory, struct settling *settling)
{
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    if (!fence_on(FENCE_SYMLINKS))
        return sys_openat2(AT_FDCWD, directory, flags, 0);
    int fd = strstr(directory, "..") ? -ELOOP : sys_openat2(AT_FDCWD, directory, flags, RESOLVE_NO_SYMLINKS);
    if (fd != -ELOOP)
        return fd;
    int r = settle_wait(settling);
    return r < 0 ? r : sys_openat2(AT_FDCWD, directory, flags, RESOLVE_NO_MAGICLINKS);
}

static void enter_directory(const char *directory, struct settling *settling, int channel)
{
    _cleanup_close_ int fd = open_directory(directory, settling);
    int error = fd < 0 ? fd : fchdir(fd) < 0 ? -errno : 0;
    if (error == 0)
        return;
    char text[MESSAGE_TEXT_MAX];
    snprintf(text, sizeof(text), "the starting directory %s is not there inside: %s; grant it (--read=...), or start in "
             "another", directory, strerror(-error));
    give_up(channel, text, 0);
}

/* Stage 5. Now, as the Landlock domain to come forbids every mount; but not before the host's tree is gone, which lies on the
 * root that the file server is to share. */
static void start_microvm(const struct jail_clone *with, const struct jail_start *start, struct namespaces *ns, int files[2],
                          struct microvm_ends *ret, int channel)
{
    const struct microvm_launch launch = { .start = start->microvm, .uid = with->uid, .gid = with->gid, .kernel = files[0],
                                           .initramfs = files[1], .filter = start->filter };
    const char *what = NULL;
    int r = files[0] < 0 || files[1] < 0 ? -EBADMSG : settle_wait(&ns->settling);
    if (r >= 0)
        r = microvm_launch(&launch, ret, &what);
    if (r < 0) {
        char text[MESSAGE_TEXT_MAX];
        snprintf(text, sizeof(text), "the microVM cannot be started: %s: %s", what ? what : "it has no files", strerror(-r));
        give_up(channel, text, 0);
    }
    cleanup_close(&files[0]);
    cleanup_close(&files[1]);
}

static bool wants_terminal(const struct jail_start *start)
{
    return start->terminal[0] || start->terminal[1] || start->terminal[2];
}

_Noreturn void jail_main(const struct jail_clone *with)
{
    int channel = tie(with);
    if (channel < 0)
        give_up_errno(with->channel, "the jail's first process cannot be tied to agentjail", channel);

    struct namespaces ns;
    become_root_of_jail(with, &ns, channel);
    scatter_pids();
    _cleanup_buf_ struct buf why = { 0 };
    struct stage stage = STAGE_EMPTY;
    int observe = -1;
    int files[2] = { -1, -1 };
    const struct jail_start *start = make_stage(with, &stage, &ns, channel, &observe, files, &why);

    int ruleset = make_ruleset(start, channel);
    struct view view = {
        .plan = start->plan,
        .root = -1,
        .data = -1,
        .ruleset = landlock_holds_files(start) ? ruleset : -1,
        .landlock_abi = start->landlock_abi,
        .stage = stage,
        .points = POINT_CACHE_EMPTY,
        .why = &why,
    };
    build_view(start, &view, &ns, channel);
    struct microvm_ends ends = { .port = -1, .console = -1, .log = -1, .alive = -1 };
    if (start->microvm)
        start_microvm(with, start, &ns, files, &ends, channel);
    enter_directory(start->directory, &ns.settling, channel);
    if (start->watched)
        send_namespace(channel);

    struct init_args init = { .channel = channel, .plan = start->plan, .mount_ids = view.mount_ids, .anchors = view.anchors,
                              .terminal = -1, .mounts = -1, .observe = observe, .start = start, .settling = &ns.settling,
                              .microvm = start->microvm ? &ends : NULL };
    int ptmx = -1;
    if (wants_terminal(start)) {
        int r = jail_terminal_open(&ptmx, &init.terminal);
        if (r < 0)
            give_up_errno(channel, "the jail's terminal cannot be opened", r);
    } else if (fence_on(FENCE_PTY)) {
        setsid(); /* or /dev/tty inside would be the terminal that agentjail was started from */
    }
    wait_go(start, channel, ptmx);
    if (ptmx >= 0)
        close(ptmx);
    if (start->watched && fence_on(FENCE_WATCH)) {
        init.mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (init.mounts < 0)
            give_up_errno(channel, "/proc/self/mountinfo cannot be watched", -errno);
    }
    take_network(start, &ns, channel);
    init.inward = ns.gateway.channel;
    if (ruleset >= 0) {
        int r = 0;
        for (int fd = 0; fd < 3 && r >= 0 && landlock_holds_files(start); fd++)
            r = landlock_allow_open(ruleset, start->landlock_abi, fd);
        if (r >= 0)
            r = landlock_enter(ruleset);
        if (r < 0)
            give_up_errno(channel, "the Landlock domain cannot be entered", r);
        close(ruleset);
    }
    init.inner = ns.inner_fd;
    init.net = ns.net_fd;
    init_main(&init);
}
