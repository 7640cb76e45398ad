/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bwrap/descriptors.h"
#include "bwrap/environment.h"
#include "sys/selinux_context.h"

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

/* Labels are SELinux's in bubblewrap. One that its policy does not have is refused here: the kernel lets root put it onto files
 * all the same. *label becomes what the policy calls it: how the kernel gives it back. */
static int find_label(const struct bwrap_run *run, const char **label, char **ret_found)
{
    if (!*label)
        return 0;
    if (access("/sys/fs/selinux/enforce", F_OK) < 0)
        return bwrap_refuse(run, "labeling not supported on this system");
    int r = selinux_context_find(*label, ret_found);
    if (r >= 0) {
        *label = *ret_found;
        return 0;
    }
    _cleanup_buf_ struct buf what = { 0 };
    (void)buf_printf(&what, "invalid label %s", *label);
    return bwrap_refuse_errno(run, what.data ? what.data : "invalid label", r);
}

int bwrap_resolve(struct bwrap_run *run)
{
    struct bwrap_args *a = &run->args;
    struct bwrap_enter *e = &run->enter;
    _cleanup_buf_ struct buf why = { 0 };
    int status = find_label(run, &a->exec_label, &run->exec_label);
    if (status == 0)
        status = find_label(run, &a->file_label, &run->file_label);
    if (status != 0)
        return status;
    if (a->exec_label)
        e->start.label = LABEL_SELINUX;
    const char *bad = find_conflict(run);
    if (bad)
        return bwrap_refuse(run, bad);
    if (a->fds[BWRAP_FD_USERNS] < 0 && (e->real_uid != 0 || (on(run, BWRAP_UNSHARE_USER_TRY) && userns_possible())))
        a->switches |= BWRAP_UNSHARE_USER;
    e->uid = a->uid < 0 ? e->real_uid : (uid_t)a->uid;
    e->gid = a->gid < 0 ? e->real_gid : (gid_t)a->gid;
    bad = find_lack(run);
    if (bad)
        return bwrap_refuse(run, bad);

    bwrap_descriptors_settle(a);
    if (a->fds[BWRAP_FD_INFO] == BWRAP_FD_NONE || a->fds[BWRAP_FD_JSON_STATUS] == BWRAP_FD_NONE)
        return bwrap_refuse_errno(run, "Write to info_fd", -EBADF);

    if (finish_plan(run, &why) < 0)
        return bwrap_refuse(run, why.data ? why.data : "out of memory");
    run->cwd = get_current_dir_name();
    e->cwd = run->cwd;
    if (a->needs_devpts && ttyname_r(STDOUT_FILENO, run->console, sizeof(run->console)) == 0)
        e->console = run->console;
    e->wanted = wanted_namespaces(run);
    e->looked_at = a->fds[BWRAP_FD_INFO] >= 0 || a->fds[BWRAP_FD_JSON_STATUS] >= 0;
    e->joined = a->fds[BWRAP_FD_USERNS] >= 0;
    if (bwrap_environment(environ, a, &run->env, &e->pwd) < 0)
        return bwrap_refuse(run, "out of memory");
    e->env = run->env.v;
    if (sched_getaffinity(0, sizeof(e->cpus), &e->cpus) < 0)
        CPU_ZERO(&e->cpus);
    return 0;
}
