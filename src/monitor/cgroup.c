/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control groups for the limits.
 *
 * Theory of operation. Stages, in order:
 *  1. cgroup_prepare, before the clone: looks for a delegated subtree above our own group. It must be ours to use, not only
 *     ours to write: systemd's rule is one writer for each directory, so a directory below a user's systemd counts only if
 *     it carries systemd's mark of delegation. There it makes agentjail-ID and writes the limits. A group that has processes
 *     cannot switch on the memory controller for its children ("no internal processes"); if the only one in it is the
 *     monitor itself, it moves into a leaf beside the jail's group.
 *     Where that does not cover all limits and systemd can be reached, nothing is made yet.
 *  2. cgroup_attach, when init waits at its gate: moves init, or asks systemd for a scope with init in it and reads back
 *     what the kernel has got: systemd accepts a limit also where its controller is not delegated.
 *     From here on everything that the jail starts is inside: init then unshares its cgroup namespace.
 *  3. cgroup_remove: kills what is left and removes the directory. A scope goes away by itself when it is empty.
 * A monitor killed by SIGKILL takes its jail with it; the empty directory is what cgroup_sweep is for. */
#include "monitor/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/strv.h"
#include "monitor/cgroup_scope.h"

#define GROUP_FILE_MAX 65536
#define GROUP_PREFIX "agentjail-"
#define SCOPE_TIMEOUT_USEC (10 * 1000 * 1000)
#define MOUNT "/sys/fs/cgroup"

static const struct {
    const char *name; /* the kernel's */
    const char *key;  /* the profile's */
    unsigned bit;
} controllers[] = {
    { "memory", "memory", CONTROLLER_MEMORY },
    { "cpu", "cpu", CONTROLLER_CPU },
    { "pids", "processes", CONTROLLER_PIDS },
};

static const struct limit *limit_of(const struct policy *policy, unsigned bit)
{
    switch (bit) {
    case CONTROLLER_MEMORY:
        return &policy->memory;
    case CONTROLLER_CPU:
        return &policy->cpu;
    default:
        return &policy->processes;
    }
}

static const char *root_of(const struct cgroup_host *host)
{
    return host->root ? host->root : "";
}

static uid_t uid_of(const struct cgroup_host *host)
{
    return host->root ? host->uid : getuid();
}

/* ---- reading and writing the files of a group ---- */

static int write_at(int dir, const char *name, const char *value)
{
    _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t len = strlen(value);
    ssize_t n = write(fd, value, len);
    if (n < 0)
        return -errno;
    return (size_t)n == len ? 0 : -EIO;
}

static int write_number(int dir, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return write_at(dir, name, text);
}

/* The controllers that a file such as cgroup.controllers lists. */
static unsigned read_controllers(int dir, const char *name)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, dir, name, GROUP_FILE_MAX) < 0 || !text.data)
        return 0;
    unsigned bits = 0;
    char *save = NULL;
    for (char *word = strtok_r(text.data, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
        for (size_t i = 0; i < ELEMENTSOF(controllers); i++)
            if (strcmp(word, controllers[i].name) == 0)
                bits |= controllers[i].bit;
    return bits;
}

/* The number behind key in a file of "key number" lines (cgroup.events, memory.events), or -1. */
static int64_t read_event(int dir, const char *name, const char *key)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, dir, name, GROUP_FILE_MAX) < 0 || !text.data)
        return -1;
    char *save = NULL;
    size_t len = strlen(key);
    for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return (int64_t)strtoll(line + len + 1, NULL, 10);
    return -1;
}

/* A process's group in the unified hierarchy, the "0::" line of /proc/PID/cgroup (cgroups(7)). */
static int read_group(const struct cgroup_host *host, const char *pid, struct buf *ret_group)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/proc/%s/cgroup", root_of(host), pid);
    _cleanup_buf_ struct buf text = { 0 };
    int r = buf_read_file(&text, AT_FDCWD, path, GROUP_FILE_MAX);
    if (r < 0)
        return r;
    char *save = NULL;
    for (char *line = strtok_r(text.data ? text.data : (char[]){ "" }, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "0::/", 4) != 0)
            continue;
        /* Outside our cgroup namespace's root, or removed: not ours. */
        if (strncmp(line + 3, "/..", 3) == 0 || strstr(line, " (deleted)"))
            return -ENOENT;
        return buf_str(ret_group, line + 3);
    }
    return -ENOENT;
}

static int open_group(const struct cgroup_host *host, const char *group, struct buf *ret_path)
{
    int r = buf_printf(ret_path, "%s" MOUNT "%s", root_of(host), strcmp(group, "/") == 0 ? "" : group);
    if (r < 0)
        return r;
    int fd = open(ret_path->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

/* ---- way 1: a delegated subtree ---- */

static bool systemd_booted(const struct cgroup_host *host)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/run/systemd/system", root_of(host));
    return access(path, F_OK) == 0;
}

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
    int r = read_group(host, "self", &group);
    if (r < 0)
        return r;

    _cleanup_buf_ struct buf path = { 0 };
    _cleanup_close_ int dir = open_group(host, group.data, &path);
    for (bool own = true;; own = false) {
        if (dir < 0 || !group_writable(dir))
            return -ENOENT;
        bool top = strcmp(group.data, "/") == 0;
        _cleanup_buf_ struct buf above = { 0 };
        _cleanup_close_ int parent = -1;
        if (!top) {
            char *slash = strrchr(group.data, '/');
            bool manager = group_of_manager(group.data);
            slash[slash == group.data] = '\0';
            parent = open_group(host, group.data, &above);
            /* Where write permission begins somebody handed the directory over, mark or not. */
            bool edge = parent < 0 || !group_writable(parent);
            if (manager || !(group_marked(dir) || edge)) {
                cleanup_close(&dir);
                dir = TAKE_FD(parent);
                buf_free(&path);
                path = above;
                above = (struct buf){ 0 };
                continue;
            }
        } else if (systemd_booted(host) && !group_marked(dir)) {
            return -ENOENT; /* the root of the hierarchy is PID 1's */
        }
        *ret_own = own;
        buf_free(ret_path);
        *ret_path = path;
        path = (struct buf){ 0 };
        return TAKE_FD(dir);
    }
}

/* True if the monitor is the only process in the group. */
static bool alone_in(int dir)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, dir, "cgroup.procs", GROUP_FILE_MAX) < 0 || !text.data)
        return false;
    char own[24];
    int n = snprintf(own, sizeof(own), "%d\n", getpid());
    return text.len == (size_t)n && memcmp(text.data, own, text.len) == 0;
}

static int make_group(const struct cgroup_host *host, int parent, const char *name)
{
    if (mkdirat(parent, name, 0755) < 0) {
        if (errno != EEXIST || unlinkat(parent, name, AT_REMOVEDIR) < 0 || mkdirat(parent, name, 0755) < 0)
            return -errno;
    }
    int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0)
        return -errno;
    if (host->made)
        host->made(dir);
    return dir;
}

/* Switch controllers on for parent's children; returns those that are on then, and in *ret_new those that were not. */
static unsigned enable(int parent, unsigned want, unsigned *ret_new)
{
    unsigned on = read_controllers(parent, "cgroup.subtree_control") & want;
    unsigned there = read_controllers(parent, "cgroup.controllers");
    for (size_t i = 0; i < ELEMENTSOF(controllers); i++) {
        if (!(want & there & ~on & controllers[i].bit))
            continue;
        char word[16];
        snprintf(word, sizeof(word), "+%s", controllers[i].name);
        if (write_at(parent, "cgroup.subtree_control", word) == 0) {
            on |= controllers[i].bit;
            *ret_new |= controllers[i].bit;
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
        r = write_number(dir, "memory.max", value);
        if (r < 0)
            return r;
        /* Absent where there is no swap. */
        r = write_number(dir, "memory.swap.max", 0);
        if (r < 0 && r != -ENOENT)
            return r;
        r = write_number(dir, "memory.oom.group", 1);
        return r == -ENOENT ? 0 : r;
    case CONTROLLER_CPU:
        snprintf(text, sizeof(text), "%" PRIu64 " 100000", value * 1000);
        return write_at(dir, "cpu.max", text);
    default:
        return write_number(dir, "pids.max", value + CGROUP_OWN_TASKS);
    }
}

static unsigned write_limits(int dir, const struct policy *policy, unsigned want)
{
    unsigned held = 0;
    for (size_t i = 0; i < ELEMENTSOF(controllers); i++)
        if (want & controllers[i].bit &&
            write_limit(dir, controllers[i].bit, limit_of(policy, controllers[i].bit)->value) == 0)
            held |= controllers[i].bit;
    return held;
}

/* Make room for the memory controller: the monitor, alone in the group, goes into a leaf. */
static void move_to_leaf(struct cgroup *cgroup, int parent, const char *jail_id)
{
    char name[NAME_MAX + 1], pid[24];
    snprintf(name, sizeof(name), GROUP_PREFIX "%s-monitor", jail_id);
    _cleanup_close_ int leaf = make_group(&cgroup->host, parent, name);
    if (leaf < 0)
        return;
    snprintf(pid, sizeof(pid), "%d", getpid());
    if (write_at(leaf, "cgroup.procs", pid) < 0) {
        unlinkat(parent, name, AT_REMOVEDIR);
        return;
    }
    cgroup->leaf = strdup(name);
}

/* Undo what way 1 did to the delegated directory. Best effort, in the order that the kernel asks for: no controller on
 * while processes come back. */
static void leave_leaf(struct cgroup *cgroup)
{
    _cleanup_close_ int parent = cgroup->parent ? open(cgroup->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (parent < 0 || !cgroup->leaf)
        return;
    for (size_t i = 0; i < ELEMENTSOF(controllers); i++) {
        char word[16];
        snprintf(word, sizeof(word), "-%s", controllers[i].name);
        if (cgroup->enabled & controllers[i].bit)
            write_at(parent, "cgroup.subtree_control", word);
    }
    char pid[24];
    snprintf(pid, sizeof(pid), "%d", getpid());
    if (write_at(parent, "cgroup.procs", pid) == 0)
        unlinkat(parent, cgroup->leaf, AT_REMOVEDIR);
}

/* Make and fill the jail's group below a delegated directory. Sets cgroup->held to what it holds; nothing is left behind
 * when that is nothing. */
static void try_delegated(struct cgroup *cgroup, const char *jail_id, unsigned want)
{
    _cleanup_buf_ struct buf parent_path = { 0 };
    bool own = false;
    _cleanup_close_ int parent = find_delegated(&cgroup->host, &parent_path, &own);
    if (parent < 0)
        return;
    cgroup->parent = strdup(parent_path.data);
    unsigned on = enable(parent, want, &cgroup->enabled);
    if (on != want && own && alone_in(parent)) {
        move_to_leaf(cgroup, parent, jail_id);
        on = enable(parent, want, &cgroup->enabled);
    }
    char name[NAME_MAX + 1];
    snprintf(name, sizeof(name), GROUP_PREFIX "%s", jail_id);
    if (on && buf_printf(&parent_path, "/%s", name) == 0) {
        cgroup->dir = make_group(&cgroup->host, parent, name);
        if (cgroup->dir >= 0) {
            cgroup->way = HOST_CGROUP_DELEGATED;
            cgroup->path = buf_take(&parent_path);
            cgroup->held = write_limits(cgroup->dir, cgroup->policy, on);
        }
    }
    if (!cgroup->held)
        cgroup_remove(cgroup);
}

/* ---- way 2: a scope ---- */

/* The directory in which systemd's sockets lie: the user's, or the system's for root. */
static int runtime_dir(const struct cgroup_host *host, struct buf *ret_path)
{
    uid_t uid = uid_of(host);
    if (uid == 0)
        return buf_printf(ret_path, "%s/run", root_of(host));
    const char *dir = host->runtime_dir ? host->runtime_dir : host->root ? NULL : getenv("XDG_RUNTIME_DIR");
    if (dir && dir[0] == '/')
        return buf_str(ret_path, dir);
    return buf_printf(ret_path, "%s/run/user/%u", root_of(host), uid);
}

/* Addresses of the manager, best first: the bus, then systemd's own socket (machines without a user bus). */
static int manager_addresses(const struct cgroup_host *host, struct strv *ret_addresses)
{
    static const char *const user[] = { "bus", "systemd/private" };
    static const char *const system[] = { "dbus/system_bus_socket", "systemd/private" };
    const char *const *names = uid_of(host) == 0 ? system : user;

    _cleanup_buf_ struct buf dir = { 0 };
    int r = runtime_dir(host, &dir);
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(user); i++) {
        _cleanup_buf_ struct buf path = { 0 };
        struct stat st;
        if ((r = buf_printf(&path, "%s/%s", dir.data, names[i])) < 0)
            break;
        /* A D-Bus address needs escapes for other bytes; nobody has such a directory. */
        if (strspn(path.data, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != path.len)
            continue;
        if (stat(path.data, &st) < 0 || !S_ISSOCK(st.st_mode))
            continue;
        _cleanup_buf_ struct buf address = { 0 };
        if ((r = buf_printf(&address, "unix:path=%s", path.data)) >= 0)
            r = strv_take(ret_addresses, buf_take(&address));
    }
    return r;
}

bool cgroup_manager_reachable(const struct cgroup_host *host)
{
    if (!systemd_booted(host))
        return false;
    _cleanup_strv_ struct strv addresses = { 0 };
    return manager_addresses(host, &addresses) >= 0 && addresses.n > 0;
}

/* Controllers that the manager can give to its units; all if it cannot be told (attach reads the result back). */
static unsigned manager_controllers(const struct cgroup_host *host)
{
    char group[128] = "/";
    uid_t uid = uid_of(host);
    if (uid != 0)
        snprintf(group, sizeof(group), "/user.slice/user-%u.slice/user@%u.service", uid, uid);
    _cleanup_buf_ struct buf path = { 0 };
    _cleanup_close_ int dir = open_group(host, group, &path);
    return dir < 0 ? CONTROLLERS_ALL : read_controllers(dir, "cgroup.controllers");
}

static unsigned scope_controllers(const struct cgroup_host *host)
{
    return cgroup_manager_reachable(host) && scope_module_find(NULL) ? manager_controllers(host) : 0;
}

/* True if the kernel's value for a limit is as tight as asked. */
static bool limit_holds(int dir, unsigned bit, uint64_t value)
{
    static const struct {
        unsigned bit;
        const char *file;
    } files[] = { { CONTROLLER_MEMORY, "memory.max" }, { CONTROLLER_CPU, "cpu.max" }, { CONTROLLER_PIDS, "pids.max" } };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        if (files[i].bit != bit)
            continue;
        _cleanup_buf_ struct buf text = { 0 };
        uint64_t number, period;
        if (buf_read_file(&text, dir, files[i].file, GROUP_FILE_MAX) < 0 || !text.data)
            return false;
        if (bit == CONTROLLER_CPU)
            return sscanf(text.data, "%" SCNu64 " %" SCNu64, &number, &period) == 2 && number * 100 <= value * period;
        if (bit == CONTROLLER_PIDS)
            value += CGROUP_OWN_TASKS;
        return sscanf(text.data, "%" SCNu64, &number) == 1 && number <= value;
    }
    return false;
}

static int start_scope(struct cgroup *cgroup, pid_t init, struct buf *why)
{
    const struct policy *policy = cgroup->policy;
    _cleanup_strv_ struct strv addresses = { 0 };
    int r = manager_addresses(&cgroup->host, &addresses);
    if (r < 0 || addresses.n == 0)
        return r < 0 ? r : -ENOENT;

    _cleanup_buf_ struct buf description = { 0 };
    r = buf_printf(&description, "agentjail, profile %s", policy->name ? policy->name : "default");
    if (r < 0)
        return r;
    struct scope_request request = {
        .addresses = (const char *const *)addresses.v,
        .unit = cgroup->unit,
        .description = description.data,
        .pid = (uint32_t)init,
        .memory = cgroup->held & CONTROLLER_MEMORY ? policy->memory.value : SCOPE_NO_LIMIT,
        .tasks = cgroup->held & CONTROLLER_PIDS ? policy->processes.value + CGROUP_OWN_TASKS : SCOPE_NO_LIMIT,
        .cpu_percent = cgroup->held & CONTROLLER_CPU ? policy->cpu.value : SCOPE_NO_LIMIT,
        .timeout_usec = SCOPE_TIMEOUT_USEC,
    };
    return scope_request_run(&request, why);
}

/* Find the group that the scope has put init into. */
static int open_scope(struct cgroup *cgroup, pid_t init)
{
    char pid[24];
    snprintf(pid, sizeof(pid), "%d", init);
    _cleanup_buf_ struct buf group = { 0 };
    int r = read_group(&cgroup->host, pid, &group);
    if (r < 0)
        return r;
    const char *name = strrchr(group.data, '/') + 1;
    if (strcmp(name, cgroup->unit) != 0)
        return -ESTALE;
    _cleanup_buf_ struct buf path = { 0 };
    cgroup->dir = open_group(&cgroup->host, group.data, &path);
    if (cgroup->dir < 0)
        return cgroup->dir;
    cgroup->path = buf_take(&path);
    return 0;
}

/* ---- what people read ---- */

static void print_origin(const struct origin *origin, struct buf *out)
{
    if (!origin->file)
        buf_str(out, "built-in default");
    else if (origin->line == 0)
        buf_str(out, origin->file);
    else
        buf_printf(out, "%s:%u", origin->file, origin->line);
}

static void print_value(unsigned bit, uint64_t value, struct buf *out)
{
    static const char units[] = "TGMK";
    if (bit == CONTROLLER_CPU) {
        buf_printf(out, "%" PRIu64 "%%", value);
        return;
    }
    if (bit == CONTROLLER_MEMORY)
        for (unsigned i = 0; i < 4; i++) {
            uint64_t unit = UINT64_C(1) << (40 - 10 * i);
            if (value >= unit && value % unit == 0) {
                buf_printf(out, "%" PRIu64 "%c", value / unit, units[i]);
                return;
            }
        }
    buf_printf(out, "%" PRIu64, value);
}

/* Why neither way holds a limit, and the way out. */
static void print_reason(const struct cgroup_host *host, unsigned bit, struct buf *out)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s" MOUNT "/cgroup.controllers", root_of(host));
    uid_t uid = uid_of(host);
    const char *name = bit == CONTROLLER_MEMORY ? "memory" : bit == CONTROLLER_CPU ? "cpu" : "pids";

    if (access(path, F_OK) < 0)
        buf_str(out, "this host has no unified cgroup v2 hierarchy at " MOUNT
                     "; boot it with systemd.unified_cgroup_hierarchy=1");
    else if (!systemd_booted(host))
        buf_str(out, "no control group was delegated to this process and systemd does not run here; start agentjail in a "
                     "cgroup that you may write to");
    else if (!cgroup_manager_reachable(host) && uid == 0)
        buf_str(out, "systemd's bus does not answer");
    else if (!cgroup_manager_reachable(host))
        buf_printf(out, "systemd's user manager has no socket below /run/user/%u; log in through a session, or run "
                        "`sudo loginctl enable-linger $USER` once", uid);
    else if (!scope_module_find(NULL))
        buf_str(out, "agentjail's module for systemd (scope.so) is not installed; install it, or start with `systemd-run "
                     "--user --scope -p Delegate=yes agentjail ...`");
    else
        buf_printf(out, "systemd does not delegate the controller %s to user sessions; run `sudo systemctl edit user@.service`,"
                        " write [Service] and Delegate=cpu memory pids, then log in again", name);
}

/* A line for each limit of bits that nothing holds; -EOPNOTSUPP if one of them is required. reason may be NULL. */
static int report_lost(struct cgroup *cgroup, unsigned bits, const char *reason, struct buf *why)
{
    int result = 0;
    for (size_t i = 0; i < ELEMENTSOF(controllers); i++) {
        if (!(bits & controllers[i].bit))
            continue;
        const struct limit *limit = limit_of(cgroup->policy, controllers[i].bit);
        if (why->len > 0)
            buf_char(why, '\n');
        print_origin(&limit->origin, why);
        buf_printf(why, ": %s: %s: ", controllers[i].key, limit->optional ? "limit not held" : "cannot hold this limit");
        if (reason)
            buf_str(why, reason);
        else
            print_reason(&cgroup->host, controllers[i].bit, why);
        if (!limit->optional) {
            buf_printf(why, "; or write %s = -", controllers[i].key);
            print_value(controllers[i].bit, limit->value, why);
            buf_str(why, " to run without it");
            result = -EOPNOTSUPP;
        }
    }
    cgroup->lost |= bits;
    return result;
}

/* ---- the three stages ---- */

int cgroup_prepare_on(const struct cgroup_host *host, const struct policy *policy, const char *jail_id,
                      struct cgroup *ret_cgroup, struct buf *why)
{
    struct cgroup cgroup = CGROUP_EMPTY;
    cgroup.host = *host;
    cgroup.policy = policy;

    unsigned want = 0;
    for (size_t i = 0; i < ELEMENTSOF(controllers); i++)
        if (limit_of(policy, controllers[i].bit)->set)
            want |= controllers[i].bit;
    /* The number of processes alone is no reason to go looking: RLIMIT_NPROC is as good, except for root. */
    if (uid_of(host) != 0 && want & CONTROLLER_PIDS) {
        cgroup.by_rlimit = CONTROLLER_PIDS;
        want &= ~(unsigned)CONTROLLER_PIDS;
    }
    if (!want) {
        *ret_cgroup = cgroup;
        return 0;
    }

    try_delegated(&cgroup, jail_id, want);
    unsigned scope = cgroup.held == want ? 0 : scope_controllers(host) & want;
    if (scope & ~cgroup.held) {
        cgroup_remove(&cgroup);
        cgroup.way = HOST_CGROUP_SCOPE;
        cgroup.held = scope;
        if (asprintf(&cgroup.unit, GROUP_PREFIX "%s.scope", jail_id) < 0) {
            cgroup.unit = NULL;
            cgroup_remove(&cgroup);
            return -ENOMEM;
        }
    }
    int r = report_lost(&cgroup, want & ~cgroup.held, NULL, why);
    if (r < 0) {
        cgroup_remove(&cgroup);
        return r;
    }
    *ret_cgroup = cgroup;
    return 0;
}

int cgroup_prepare(const struct policy *policy, const char *jail_id, struct cgroup *ret_cgroup, struct buf *why)
{
    return cgroup_prepare_on(&(struct cgroup_host){ 0 }, policy, jail_id, ret_cgroup, why);
}

int cgroup_attach(struct cgroup *cgroup, pid_t init, struct buf *why)
{
    _cleanup_buf_ struct buf reason = { 0 };
    int r = 0;
    if (cgroup->way == HOST_CGROUP_NONE)
        return 0;
    if (cgroup->way == HOST_CGROUP_DELEGATED) {
        r = write_number(cgroup->dir, "cgroup.procs", (uint64_t)init);
        if (r < 0)
            buf_printf(&reason, "the kernel refused to move the jail into %s: %s", cgroup->path, strerror(-r));
    } else {
        r = start_scope(cgroup, init, &reason);
        if (r >= 0 && (r = open_scope(cgroup, init)) < 0)
            buf_printf(&reason, "systemd did not put the jail into %s: %s", cgroup->unit, strerror(-r));
    }
    if (r < 0) {
        unsigned held = cgroup->held;
        cgroup->held = 0;
        return report_lost(cgroup, held, reason.data ? reason.data : strerror(-r), why);
    }

    unsigned slack = 0;
    for (size_t i = 0; i < ELEMENTSOF(controllers); i++) {
        unsigned bit = controllers[i].bit & cgroup->held;
        if (bit && !limit_holds(cgroup->dir, bit, limit_of(cgroup->policy, bit)->value))
            slack |= bit;
    }
    cgroup->held &= ~slack;
    if (cgroup->way == HOST_CGROUP_SCOPE && cgroup->held & CONTROLLER_MEMORY)
        write_number(cgroup->dir, "memory.oom.group", 1); /* systemd before 253 has no OOMPolicy= for scopes */
    return report_lost(cgroup, slack, NULL, why);
}

bool cgroup_was_oom(const struct cgroup *cgroup)
{
    return cgroup->dir >= 0 && read_event(cgroup->dir, "memory.events", "oom_kill") > 0;
}

/* Kill everything in the group and wait until it is empty, 2 s at most. */
static void empty_group(int dir)
{
    if (read_event(dir, "cgroup.events", "populated") <= 0)
        return;
    write_number(dir, "cgroup.kill", 1);
    for (int i = 0; i < 40 && read_event(dir, "cgroup.events", "populated") > 0; i++)
        poll(NULL, 0, 50);
}

static int remove_group(int parent, const char *name)
{
    /* The last task leaves the group a moment after its parent has reaped it. */
    for (int i = 0;; i++) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
            return 0;
        if (errno != EBUSY || i == 20)
            return -errno;
        poll(NULL, 0, 10);
    }
}

void cgroup_remove(struct cgroup *cgroup)
{
    if (cgroup->way == HOST_CGROUP_DELEGATED && cgroup->dir >= 0) {
        empty_group(cgroup->dir);
        _cleanup_close_ int parent = open(cgroup->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent >= 0)
            remove_group(parent, strrchr(cgroup->path, '/') + 1);
    }
    leave_leaf(cgroup);
    cleanup_close(&cgroup->dir);
    free(cgroup->path);
    free(cgroup->unit);
    free(cgroup->parent);
    free(cgroup->leaf);

    struct cgroup empty = CGROUP_EMPTY;
    empty.host = cgroup->host;
    empty.policy = cgroup->policy;
    empty.by_rlimit = cgroup->by_rlimit;
    *cgroup = empty;
}

int cgroup_sweep(const char *path, const char *jail_id)
{
    const char *slash = strrchr(path, '/');
    char name[NAME_MAX + 1];
    snprintf(name, sizeof(name), GROUP_PREFIX "%s", jail_id);
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
    empty_group(dir);
    int r = remove_group(parent, name);
    /* The dead monitor's leaf, if it had one. */
    snprintf(name, sizeof(name), GROUP_PREFIX "%s-monitor", jail_id);
    unlinkat(parent, name, AT_REMOVEDIR);
    return r;
}

enum host_cgroup_way cgroup_find(const struct cgroup_host *host, unsigned *ret_controllers)
{
    unsigned scope = scope_controllers(host), there = 0;
    _cleanup_buf_ struct buf path = { 0 };
    bool own = false;
    _cleanup_close_ int dir = find_delegated(host, &path, &own);
    if (dir >= 0) {
        there = read_controllers(dir, "cgroup.controllers");
        /* The memory controller cannot be switched on beside processes. */
        if (own && !alone_in(dir))
            there &= ~(unsigned)CONTROLLER_MEMORY | read_controllers(dir, "cgroup.subtree_control");
    }
    bool delegated = there && !(scope & ~there);
    *ret_controllers = delegated ? there : scope;
    return delegated ? HOST_CGROUP_DELEGATED : scope ? HOST_CGROUP_SCOPE : HOST_CGROUP_NONE;
}
