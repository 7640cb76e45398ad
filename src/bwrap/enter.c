/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. The monitor cloned this process, into new user and pid namespaces if there are to be any (into all
 * of them if somebody outside is told of us). It has every capability in its user namespace. In order:
 *
 *  0. --die-with-parent, which holds from the first moment (and again after 1, which may undo it).
 *  1. users   map the caller: to uid 0 if a devpts will be mounted, which wants one, or as asked; or wait until somebody
 *             else has (--userns-block-fd). Make the inner user namespace, where the command has its own uid, in the first
 *             case and for --disable-userns.
 *  2. spaces  the namespaces that the clone did not make: the network's in a thread, which takes the kernel longest.
 *  3. view    pin every source, make the root, carry out the plan, enter it: jail/view.c, as for every jail.
 *  4. wait    until those outside were told of us (--info-fd, --json-status-fd); --block-fd.
 *  5. init    if there is a pid namespace, or something is to be held until the end; else we become the command.
 *
 * What differs from jail/jail.c is bubblewrap's to say: no fence is put up that its options do not name, descriptors that
 * the caller left open are the command's, and without --die-with-parent nothing ends with the monitor. */
#include "bwrap/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fence_switch.h"
#include "bwrap/descriptors.h"
#include "bwrap/message.h"
#include "bwrap/payload.h"
#include "bwrap/values.h"
#include "init/init.h"
#include "ipc/channel.h"
#include "jail/namespaces.h"
#include "jail/view.h"
#include "lockdown/landlock.h"
#include "lockdown/payload.h"
#include "netlink/link.h"
#include "sys/syscalls.h"
#include "sys/userns.h"

#define DESCRIPTORS_FEW 256 /* open beside the plan's */

static bool on(const struct bwrap_enter *e, unsigned bits)
{
    return e->args->switches & bits;
}

/* Only it has the helper thread: who becomes the command must be a single one to change its user namespace. */
bool bwrap_has_init(const struct bwrap_enter *e)
{
    bool holds = e->args->n_locks || e->args->fds[BWRAP_FD_SYNC] >= 0;
    return !on(e, BWRAP_AS_PID_1) && (on(e, BWRAP_UNSHARE_PID) || holds);
}

/* The monitor says when it has told who we are, and somebody else has mapped users if they are to. Its end of the channel
 * closes when there will be no command. */
static void wait_told(struct bwrap_enter *e)
{
    struct message m;
    _cleanup_close_ int fd = -1;
    if (channel_receive(e->channel, &m, &fd) < 0 || m.kind != MSG_GO)
        _exit(1);
}

/* --userns: its users may be others than ours. */
static void change_user(struct bwrap_enter *e)
{
    if (e->gid != e->real_gid && setgid(e->gid) < 0)
        bwrap_die(e, -errno, "unable to switch to gid %u", (unsigned)e->gid);
    if (e->uid != e->real_uid && setuid(e->uid) < 0)
        bwrap_die(e, -errno, "unable to switch to uid %u", (unsigned)e->uid);
    bwrap_die_with_parent(e); /* other ids take it back (prctl(2)) */
}

/* The inner namespace is the one more that is allowed; none can then be made in it, nor the number be raised from it. */
static void allow_one_more(struct bwrap_enter *e)
{
    _cleanup_close_ int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        bwrap_die(e, -errno, "cannot open /proc/sys/user/max_user_namespaces");
    /* cppcheck-suppress invalidFunctionArg ; bwrap_die() does not return */
    if (write(fd, "1", 1) != 1)
        bwrap_die(e, -errno, "sysctl user.max_user_namespaces = 1");
}

/* Stage 1. */
static void become_user(struct bwrap_enter *e, struct namespaces *ns)
{
    bool mapped_outside = e->args->fds[BWRAP_FD_USERNS_BLOCK] >= 0;
    if (mapped_outside)
        wait_told(e);
    if (e->joined)
        change_user(e);
    if (!(e->made & CLONE_NEWUSER) || mapped_outside) {
        namespaces_make_inner(ns);
        return;
    }
    uid_t uid = e->args->needs_devpts ? 0 : e->uid;
    gid_t gid = e->args->needs_devpts ? 0 : e->gid;
    int r = userns_map(uid, e->real_uid, gid, e->real_gid);
    if (r < 0)
        bwrap_die(e, r, "setting up uid map");
    ns->inner_user = uid != e->uid || gid != e->gid || on(e, BWRAP_DISABLE_USERNS);
    if (on(e, BWRAP_DISABLE_USERNS))
        allow_one_more(e);
    r = namespaces_make_inner(ns);
    if (r < 0)
        bwrap_die(e, r, "unshare user ns");
}

/* bubblewrap's command is process 2, and some know: what is numbered next begins behind last. Best effort. */
static void number_after(const struct bwrap_enter *e, const char *last)
{
    _cleanup_close_ int fd = e->made & CLONE_NEWPID ? open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC) : -1;
    if (fd >= 0 && write(fd, last, strlen(last)) < 0)
        return;
}

/* Stage 2. */
static void make_spaces(struct bwrap_enter *e, struct namespaces *ns)
{
    uint64_t others = CLONE_NEWPID | CLONE_NEWUSER | (ns->net ? CLONE_NEWNET : 0); /* made by the clone, the helper */
    int flags = (int)(e->wanted & ~e->made & ~others);
    if (flags && unshare(flags) < 0)
        bwrap_die(e, -errno, "Creating new namespace failed");
    e->helped = bwrap_has_init(e);
    if (e->helped) {
        number_after(e, "300"); /* the helper */
        int r = namespaces_start(ns);
        if (r < 0)
            bwrap_die(e, r, "no helper thread can be had");
        namespaces_go(ns);
        number_after(e, "1");
    }
    if (e->wanted & CLONE_NEWNET && !ns->net) {
        _cleanup_close_ int link = link_open();
        int r = link < 0 ? link : link_loopback_set(link, true);
        if (r < 0)
            bwrap_die(e, r, "loopback: Failed to set up");
    }
    /* In a mount namespace of another user namespace mounts are slaves already. */
    if (!(e->made & CLONE_NEWUSER) && mount(NULL, "/", NULL, MS_SILENT | MS_SLAVE | MS_REC, NULL) < 0)
        bwrap_die(e, -errno, "Failed to make / slave");
    if (e->args->hostname && sethostname(e->args->hostname, strlen(e->args->hostname)) < 0)
        bwrap_die(e, -errno, "Can't set hostname to %s", e->args->hostname);
}

static void take_network(struct bwrap_enter *e, struct namespaces *ns)
{
    if (!bwrap_has_init(e))
        return;
    int r = namespaces_wait_net(ns);
    if (r < 0)
        bwrap_die(e, r, "the processors that were taken for the start cannot be had back");
    if (!ns->net)
        return;
    if (ns->net_fd < 0)
        bwrap_die(e, ns->net_fd, "Creating new network namespace failed");
    if (setns(ns->net_fd, CLONE_NEWNET) < 0)
        bwrap_die(e, -errno, "Entering the new network namespace failed");
}

/* Each source is held open while the plan is carried out, where bubblewrap opens one at a time: a caller's limit that it
 * would do with has to be enough. The command gets it back as it was. True if even the most that we may have is too little. */
static bool raise_limit(struct bwrap_enter *e)
{
    rlim_t needed = e->args->plan.n + DESCRIPTORS_FEW;
    if (getrlimit(RLIMIT_NOFILE, &e->files) < 0 || e->files.rlim_cur >= needed)
        return false;
    struct rlimit limit = { .rlim_cur = e->files.rlim_max, .rlim_max = e->files.rlim_max };
    e->files_raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
    return e->files.rlim_max < needed;
}

/* Notice when the host takes away what ceilings have had put up. By the host's /proc, as the jail may have none: names before
 * it is left, mounts as they are seen behind it. */
static void begin_watch(struct bwrap_enter *e, struct view *view, int *ret_proc)
{
    struct watch watch = { .plan = view->plan, .anchors = view->anchors, .ids = view->mount_ids, .fd = -1, .moves = -1 };
    int root = fcntl(view->root, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || proc < 0)
        bwrap_die(e, -errno, "mounts that ceilings ask for cannot be watched");
    for (size_t i = 0; i < view->plan->n; i++) {
        view->anchors[i].whole = root;
        if (view->mount_ids[i] && view->anchors[i].fd < 0)
            view->anchors[i].fd = root;
    }
    watch_names(&watch);
    e->watch = (struct bwrap_watch){ .mounts = -1, .moves = watch.moves, .anchors = view->anchors };
    e->watch.ids = TAKE_PTR(view->mount_ids);
    *ret_proc = proc;
}

static void watch_mounts(struct bwrap_enter *e, int proc)
{
    e->watch.mounts = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (e->watch.mounts < 0)
        bwrap_die(e, -errno, "mounts that ceilings ask for cannot be watched");
    close(proc);
}

_Noreturn static void die_of_view(struct bwrap_enter *e, const struct view *view, int error)
{
    _cleanup_buf_ struct buf text = { 0 };
    int r = bwrap_describe(view, error, &text);
    bwrap_die(e, 0, "%s", r < 0 || !text.data ? "out of memory" : text.data);
}

/* SELinux gives what we make from here on that context (proc_pid_attr(5)). */
static void set_file_label(struct bwrap_enter *e)
{
    const char *label = e->args->file_label;
    if (!label)
        return;
    _cleanup_close_ int fd = open("/proc/thread-self/attr/fscreate", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, label, strlen(label)) < 0)
        bwrap_die(e, -errno, "--file-label setup failed");
}

/* Where ceilings ask for Landlock, and it can hold files: what the plan shows may be used as it is shown. */
static int make_ruleset(struct bwrap_enter *e)
{
    if (!e->start.landlock_abi || !landlock_holds_files(&e->start))
        return -1;
    e->ruleset = landlock_new(e->start.landlock_abi, true, false, false);
    if (e->ruleset < 0)
        bwrap_die(e, e->ruleset, "Landlock has no ruleset for us");
    return e->ruleset;
}

/* init sees the same limits as the command below it. */
static void enter_ruleset(struct bwrap_enter *e)
{
    int r = 0;
    if (e->ruleset < 0)
        return;
    for (int fd = 0; fd <= STDERR_FILENO && r >= 0; fd++)
        r = landlock_allow_open(e->ruleset, e->start.landlock_abi, fd);
    if (r >= 0)
        r = landlock_enter(e->ruleset);
    if (r < 0)
        bwrap_die(e, r, "the Landlock domain cannot be entered");
    close(e->ruleset);
}

/* Stage 3. The root is made when the sources are pinned: it lies in /proc, which is often one of them. */
static void make_view(struct bwrap_enter *e, struct namespaces *ns)
{
    _cleanup_buf_ struct buf why = { 0 };
    struct view view = {
        .plan = &e->args->plan,
        .root = -1,
        .data = -1,
        .ruleset = make_ruleset(e),
        .landlock_abi = e->start.landlock_abi,
        .stage = STAGE_EMPTY,
        .points = POINT_CACHE_EMPTY,
        .console = e->console,
        .file_label = e->args->file_label,
        .why = &why,
    };
    mode_t mask = umask(0);
    view.late = raise_limit(e) && !e->held; /* what is held is looked at from its source */
    set_file_label(e);
    int r = view_pin(&view);
    if (r < 0)
        die_of_view(e, &view, r);
    r = stage_begin_bubblewrap(&view.stage, view.file_label, &why);
    if (r >= 0)
        r = view_build(&view);
    if (r < 0)
        die_of_view(e, &view, r);
    int proc = -1;
    if (e->held)
        begin_watch(e, &view, &proc);
    r = view_enter(&view);
    if (r < 0)
        die_of_view(e, &view, r);
    if (e->held)
        watch_mounts(e, proc);
    if (bwrap_has_init(e))
        namespaces_entered(ns);
    else if ((r = view_leave_host()) < 0) /* nobody else would: the payload must not wait for it */
        bwrap_die(e, r, "unmount old root");
    take_network(e, ns);
    cleanup_close(&view.stage.root);
    free(view.sources);
    free(view.mount_ids);
    free(view.own_mounts);
    umask(mask);
}

/* Stage 4. A filter of --seccomp is read after that: who unblocks us may have written it meanwhile. */
static void wait_unblocked(struct bwrap_enter *e)
{
    struct bwrap_args *args = e->args;
    char byte;
    if ((e->looked_at || e->limited) && args->fds[BWRAP_FD_USERNS_BLOCK] < 0)
        wait_told(e);
    if (args->fds[BWRAP_FD_BLOCK] >= 0)
        while (read(args->fds[BWRAP_FD_BLOCK], &byte, 1) < 0 && errno == EINTR)
            ;
    if (args->fds[BWRAP_FD_SECCOMP] < 0)
        return;

    _cleanup_buf_ struct buf bytes = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    int r = bwrap_descriptor_read(args->fds[BWRAP_FD_SECCOMP], &bytes);
    if (r < 0)
        bwrap_die(e, r, "Can't read seccomp data");
    args->filters = calloc(1, sizeof(*args->filters));
    if (!args->filters)
        bwrap_die(e, -ENOMEM, "Can't read seccomp data");
    if (bwrap_filter_parse(&bytes, args->filters, &why) < 0)
        bwrap_die(e, 0, "%s", why.data ? why.data : "out of memory");
    args->n_filters = 1;
}

/* Locks are of the process that takes them (fcntl(2)): of init, until its end. */
static int take_lock(struct bwrap_enter *e, const char *path)
{
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        bwrap_die(e, -errno, "Unable to open lock file %s", path);
    if (fcntl(fd, F_SETLK, &lock) < 0)
        bwrap_die(e, -errno, "Unable to lock file %s", path);
    return fd;
}

/* Stage 5. */
_Noreturn static void become_init(struct bwrap_enter *e, struct namespaces *ns)
{
    struct bwrap_args *args = e->args;
    int *held = calloc(args->n_locks + args->plan.n + 3, sizeof(*held)); /* and --sync-fd, what watches, what it looks from */
    size_t n = 0;
    if (!held)
        bwrap_die(e, 0, "out of memory");
    if (args->n_locks) {
        bwrap_leave_host(e, &ns->settling);
        bwrap_change_directory(e);
    }
    for (size_t i = 0; i < args->n_locks; i++)
        held[n++] = take_lock(e, args->locks[i]);
    if (args->fds[BWRAP_FD_SYNC] >= 0 && args->fds[BWRAP_FD_SYNC] != BWRAP_FD_NONE)
        held[n++] = args->fds[BWRAP_FD_SYNC];
    if (e->held) {
        held[n++] = e->watch.mounts;
        held[n++] = e->watch.moves;
    }
    for (size_t i = 0; i < args->plan.n && e->held; i++)
        if (e->watch.ids[i])
            held[n++] = e->watch.anchors[i].fd;
    bwrap_die_with_parent(e);

    enter_ruleset(e);

    struct init_lingers lingers = {
        .payload = bwrap_payload,
        .outlive = !on(e, BWRAP_DIE_WITH_PARENT) && !e->limited,
        .dumpable = e->looked_at && !e->held, /* the command must not reach who watches */
        .traced = args->caps & UINT64_C(1) << CAP_SYS_PTRACE,
        .keep = held,
        .n_keep = n,
    };
    struct init_args init = { .start = &e->start, .plan = &args->plan, .channel = e->channel, .inner = ns->inner_fd,
                              .net = ns->net_fd, .observe = -1, .settling = &ns->settling, .terminal = -1,
                              .mounts = e->held ? e->watch.mounts : -1, .moves = e->held ? e->watch.moves : -1,
                              .anchors = e->watch.anchors, .mount_ids = e->watch.ids, .lingers = &lingers };
    init_main(&init);
}

_Noreturn void bwrap_enter(struct bwrap_enter *e)
{
    struct namespaces ns = {
        .uid = e->uid,
        .gid = e->gid,
        .cpus = e->cpus,
        .net = bwrap_has_init(e) && e->wanted & ~e->made & CLONE_NEWNET,
        .loopback = true,
    };
    bwrap_die_with_parent(e);
    if (!bwrap_has_init(e))
        CPU_ZERO(&ns.cpus);
    for (size_t i = BWRAP_FD_INFO; i <= BWRAP_FD_JSON_STATUS; i++) /* the monitor's: who reads waits for their end */
        bwrap_descriptor_drop(e->args->fds[i]);
    become_user(e, &ns);
    make_spaces(e, &ns);
    make_view(e, &ns);
    wait_unblocked(e);
    if (on(e, BWRAP_NEW_SESSION) && setsid() < 0)
        bwrap_die(e, -errno, "setsid");

    if (bwrap_has_init(e))
        become_init(e, &ns);
    enter_ruleset(e);
    struct payload_args payload = { .start = &e->start, .inner = ns.inner_fd, .settling = &ns.settling, .terminal = -1 };
    bwrap_payload(&payload);
}
