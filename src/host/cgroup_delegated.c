/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Way 1: a subtree that was delegated to us; see cgroup.c. */
#include "host/cgroup_delegated.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/parse.h"
#include "host/cgroup_files.h"

#define GROUP_PROCS_MAX 65536
#define MAKE_TRIES 4

static bool group_writable(int dir)
{
    return faccessat(dir, ".", W_OK | X_OK, AT_EACCESS) == 0 &&
           faccessat(dir, "cgroup.procs", W_OK, AT_EACCESS) == 0 &&
           faccessat(dir, "cgroup.subtree_control", W_OK, AT_EACCESS) == 0;
}

/* systemd marks what it delegated (user.delegate since 251, trusted.delegate is for root's eyes). */
static bool group_marked(int dir)
{
    static const char *const marks[] = { "user.delegate", "trusted.delegate" };
    for (size_t i = 0; i < ELEMENTSOF(marks); i++) {
        char value[2];
        if (fgetxattr(dir, marks[i], value, sizeof(value)) == 1 && value[0] == '1')
            return true;
    }
    return false;
}

/* A systemd manager's own group: delegated, but to that manager. */
static bool group_of_manager(const char *group)
{
    const char *name = strrchr(group, '/') + 1;
    return strncmp(name, "user@", 5) == 0 || strcmp(name, "init.scope") == 0;
}

/* Walk up from our own group to the nearest one that was delegated to us. Returns an fd with its path, or -ENOENT. */
static int find_delegated(const struct cgroup_host *host, struct buf *ret_path, bool *ret_own)
{
    _cleanup_buf_ struct buf group = { 0 };
    int r = cgroup_read_group(host, "self", &group);
    if (r < 0)
        return r;

    _cleanup_buf_ struct buf path = { 0 };
    _cleanup_close_ int dir = cgroup_open(host, group.data, &path);
    bool own = true;
    for (;; own = false) {
        if (dir < 0 || !group_writable(dir))
            return -ENOENT;
        if (strcmp(group.data, "/") == 0) {
            if (cgroup_systemd_booted(host) && !group_marked(dir))
                return -ENOENT; /* the root of the hierarchy is PID 1's */
            break;
        }
        bool manager = group_of_manager(group.data);
        char *slash = strrchr(group.data, '/');
        slash[slash == group.data] = '\0';

        _cleanup_buf_ struct buf above = { 0 };
        _cleanup_close_ int parent = cgroup_open(host, group.data, &above);
        /* Where write permission begins somebody handed the directory over, mark or not. */
        bool edge = parent < 0 || !group_writable(parent);
        if (!manager && (edge || group_marked(dir)))
            break;
        cleanup_close(&dir);
        dir = TAKE_FD(parent);
        buf_free(&path);
        path = above;
        above = (struct buf){ 0 };
    }
    *ret_own = own;
    *ret_path = path;
    path = (struct buf){ 0 };
    return TAKE_FD(dir);
}

static pid_t parent_of(const struct cgroup_host *host, pid_t pid)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/proc/%d/stat", cgroup_host_root(host), pid);
    _cleanup_buf_ struct buf text = { 0 };
    uint64_t parent;
    if (buf_read_file(&text, AT_FDCWD, path, 4096) < 0)
        return 0;
    /* "pid (name) state ppid": the name may hold anything, the last ')' ends it. */
    const char *behind = strrchr(text.data, ')');
    return behind && strlen(behind) > 4 && parse_leading(behind + 4, &parent) ? (pid_t)parent : 0;
}

/* The monitor, or a process that it started. */
static bool is_ours(const struct cgroup_host *host, pid_t pid)
{
    pid_t own = getpid();
    while (pid != own && pid > 1)
        pid = parent_of(host, pid);
    return pid == own;
}

/* The processes of a group: how many, -1 when one of them is not ours. Each is moved to the group to unless that is
 * -1. */
static int gather(const struct cgroup_host *host, int dir, int to)
{
    _cleanup_buf_ struct buf text = { 0 };
    int n = 0;
    if (buf_read_file(&text, dir, "cgroup.procs", GROUP_PROCS_MAX) < 0)
        return -1;
    char *save = NULL;
    for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        if (!is_ours(host, pid))
            return -1;
        if (to >= 0)
            cgroup_write_number(to, "cgroup.procs", (uint64_t)pid);
        n++;
    }
    return n;
}

/* True if nothing but the monitor and what it started is in the group. */
static bool alone_in(const struct cgroup_host *host, int dir)
{
    return gather(host, dir, -1) > 0;
}

/* "No internal processes": a group with processes in it cannot give its children domain controllers, and given
 * others it becomes the root of a threaded subtree, whose children take no processes. Only the hierarchy's root,
 * which has no type, may have both. */
static bool may_have_processes(int dir)
{
    return faccessat(dir, "cgroup.type", F_OK, 0) < 0;
}

/* Groups of monitors that were killed before the registry knew of them, or whose entry is gone: a living one holds a lock on
 * its group's directory (one that was taken away before it had the lock is made again), and with a process in it nobody
 * can remove it. */
static void sweep_groups(int parent)
{
    int list = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = list < 0 ? NULL : fdopendir(list);
    if (!stream && list >= 0)
        close(list);
    for (struct dirent *e; stream && (e = readdir(stream));) {
        if (strncmp(e->d_name, CGROUP_PREFIX, strlen(CGROUP_PREFIX)) != 0)
            continue;
        _cleanup_close_ int dir = openat(parent, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) == 0)
            unlinkat(parent, e->d_name, AT_REMOVEDIR); /* EBUSY: processes are in it */
    }
    if (stream)
        closedir(stream);
}

static int make_locked(int parent, const char *name)
{
    if (mkdirat(parent, name, 0755) < 0) {
        if (errno != EEXIST || unlinkat(parent, name, AT_REMOVEDIR) < 0 || mkdirat(parent, name, 0755) < 0)
            return -errno;
    }
    _cleanup_close_ int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct stat ours, named;
    if (dir < 0 || flock(dir, LOCK_EX) < 0 || fstat(dir, &ours) < 0 || fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return ours.st_ino == named.st_ino ? TAKE_FD(dir) : -ENOENT;
}

static int make_group(const struct cgroup_host *host, int parent, const char *name)
{
    int dir = -ENOENT;
    for (int i = 0; i < MAKE_TRIES && dir == -ENOENT; i++)
        dir = make_locked(parent, name);
    if (dir >= 0 && host->made)
        host->made(dir);
    return dir;
}

/* Switch controllers on for parent's children; returns those that are on then, and in *ret_new those that were not. */
static unsigned enable(int parent, unsigned want, unsigned *ret_new)
{
    unsigned on = cgroup_read_controllers(parent, "cgroup.subtree_control") & want;
    unsigned there = cgroup_read_controllers(parent, "cgroup.controllers");
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
        if (!(want & there & ~on & cgroup_controllers[i].bit))
            continue;
        char word[16];
        snprintf(word, sizeof(word), "+%s", cgroup_controllers[i].name);
        if (cgroup_write(parent, "cgroup.subtree_control", word) == 0) {
            on |= cgroup_controllers[i].bit;
            *ret_new |= cgroup_controllers[i].bit;
        }
    }
    return on;
}

static int write_limit(int dir, unsigned bit, uint64_t value)
{
    char text[48];
    int r;
    switch (bit) {
    case CONTROLLER_MEMORY:
        r = cgroup_write_number(dir, "memory.max", value);
        if (r < 0)
            return r;
        /* Absent where there is no swap. */
        r = cgroup_write_number(dir, "memory.swap.max", 0);
        if (r < 0 && r != -ENOENT)
            return r;
        r = cgroup_write_number(dir, "memory.oom.group", 1);
        return r == -ENOENT ? 0 : r;
    case CONTROLLER_CPU:
        snprintf(text, sizeof(text), "%" PRIu64 " 100000", value * 1000);
        return cgroup_write(dir, "cpu.max", text);
    default:
        return cgroup_write_number(dir, "pids.max", value + CGROUP_OWN_TASKS);
    }
}

static unsigned write_limits(int dir, const struct policy *policy, unsigned want)
{
    unsigned held = 0;
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
        if (want & cgroup_controllers[i].bit &&
            write_limit(dir, cgroup_controllers[i].bit, cgroup_limit(policy, cgroup_controllers[i].bit)->value) == 0)
            held |= cgroup_controllers[i].bit;
    return held;
}

/* Make room for the memory controller: the monitor and the jail's first process, alone in the group, go into a leaf. */
static void move_to_leaf(struct cgroup *cgroup, int parent, const char *jail_id)
{
    char name[NAME_MAX + 1];
    snprintf(name, sizeof(name), CGROUP_PREFIX "%s-monitor", jail_id);
    _cleanup_close_ int leaf = make_group(&cgroup->host, parent, name);
    if (leaf < 0)
        return;
    cgroup->leaf = strdup(name);
    /* More than once: the jail's first process may have forked while it was still outside. */
    for (int i = 0; i < 8 && gather(&cgroup->host, parent, leaf) > 0; i++)
        ;
}

/* In the order that the kernel asks for: no controller is on when processes come back. */
void cgroup_leave_leaf(struct cgroup *cgroup)
{
    _cleanup_close_ int parent = cgroup->parent ? open(cgroup->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    _cleanup_close_ int leaf = parent < 0 || !cgroup->leaf
                                   ? -1 : openat(parent, cgroup->leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (leaf < 0)
        return;
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
        char word[16];
        snprintf(word, sizeof(word), "-%s", cgroup_controllers[i].name);
        if (cgroup->enabled & cgroup_controllers[i].bit)
            cgroup_write(parent, "cgroup.subtree_control", word);
    }
    for (int i = 0; i < 8 && gather(&cgroup->host, leaf, parent) > 0; i++)
        ;
    unlinkat(parent, cgroup->leaf, AT_REMOVEDIR);
}

void cgroup_delegate(struct cgroup *cgroup, const char *jail_id, unsigned want)
{
    _cleanup_buf_ struct buf parent_path = { 0 };
    bool own = false;
    _cleanup_close_ int parent = find_delegated(&cgroup->host, &parent_path, &own);
    if (parent < 0)
        return;
    cgroup->parent = strdup(parent_path.data);
    if (own && !may_have_processes(parent)) {
        if (!alone_in(&cgroup->host, parent))
            return;
        move_to_leaf(cgroup, parent, jail_id);
    }
    sweep_groups(parent);
    unsigned on = enable(parent, want, &cgroup->enabled);
    char name[NAME_MAX + 1];
    snprintf(name, sizeof(name), CGROUP_PREFIX "%s", jail_id);
    if (on && buf_printf(&parent_path, "/%s", name) == 0) {
        cgroup->dir = make_group(&cgroup->host, parent, name);
        if (cgroup->dir >= 0) {
            cgroup->way = HOST_CGROUP_DELEGATED;
            cgroup->path = buf_take(&parent_path);
            cgroup->held = write_limits(cgroup->dir, cgroup->policy, on);
        }
    }
}

int cgroup_sweep(const char *path, const char *jail_id)
{
    const char *slash = strrchr(path, '/');
    char name[NAME_MAX + 1];
    snprintf(name, sizeof(name), CGROUP_PREFIX "%s", jail_id);
    if (path[0] != '/' || !slash || slash == path || strcmp(slash + 1, name) != 0)
        return -EINVAL;

    _cleanup_free_ char *parent_path = strndup(path, (size_t)(slash - path));
    if (!parent_path)
        return -ENOMEM;
    _cleanup_close_ int parent = open(parent_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_close_ int dir = parent < 0 ? -1 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0)
        return -errno;
    if (faccessat(dir, "cgroup.procs", F_OK, 0) < 0)
        return -EINVAL;
    cgroup_empty(dir);
    int r = cgroup_rmdir(parent, name);
    /* The dead monitor's leaf, if it had one. */
    snprintf(name, sizeof(name), CGROUP_PREFIX "%s-monitor", jail_id);
    unlinkat(parent, name, AT_REMOVEDIR);
    return r;
}

unsigned cgroup_delegated_controllers(const struct cgroup_host *host)
{
    _cleanup_buf_ struct buf path = { 0 };
    bool own = false;
    _cleanup_close_ int dir = find_delegated(host, &path, &own);
    if (dir < 0)
        return 0;
    if (own && !may_have_processes(dir) && !alone_in(host, dir))
        return 0;
    return cgroup_read_controllers(dir, "cgroup.controllers");
}
