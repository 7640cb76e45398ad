/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Way 2 of cgroup.c. One child for each scope: forked, loads the module, asks, reports over a pipe, ends. */
#include "config.h"

#include "host/cgroup_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/strv.h"
#include "host/cgroup_files.h"
#include "sys/library.h"
#include "sys/module.h"

#define SCOPE_TEXT_MAX 512
#define SCOPE_TIMEOUT_USEC (10 * 1000 * 1000)

/* What the child reports. */
struct report {
    int error; /* 0 or -errno */
    char text[SCOPE_TEXT_MAX];
};

#define SCOPE_FILE "scope.so"

bool cgroup_scope_module(void)
{
    return module_exists(SCOPE_FILE);
}

/* In the child: load, compare the stamp, ask. */
static void ask(const struct scope_request *request, struct report *report)
{
    _cleanup_buf_ struct buf why = { 0 };
    void *module;
    scope_start_fn *start = NULL;
    report->error = module_open(SCOPE_FILE, SCOPE_STAMP_SYMBOL, SCOPE_STAMP, &module, &why);
    if (report->error == 0) {
        *(void **)&start = library_symbol(module, SCOPE_START_SYMBOL);
        report->error = start ? 0 : -ELIBBAD;
    }
    if (report->error < 0 || !start) {
        snprintf(report->text, sizeof(report->text), "systemd cannot be asked: %s", why.data ? why.data : SCOPE_FILE);
        return;
    }
    report->error = start(request, report->text, sizeof(report->text));
}

static _Noreturn void child_main(const struct scope_request *request, int out)
{
    struct report report = { 0 };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    ask(request, &report);
    ssize_t n = write(out, &report, sizeof(report)); /* less than PIPE_BUF: whole or not at all */
    _exit(n == sizeof(report) ? 0 : 1);
}

/* The child's report, or false if it says nothing in time (a bus that accepts and never answers). */
static bool read_report(int in, int timeout_ms, struct report *ret_report)
{
    struct pollfd p = { .fd = in, .events = POLLIN };
    int r;
    do
        r = poll(&p, 1, timeout_ms);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return false;
    ssize_t n;
    do
        n = read(in, ret_report, sizeof(*ret_report));
    while (n < 0 && errno == EINTR);
    return n == sizeof(*ret_report);
}

/* Have a child make the scope. 0, or -errno with a line for people in why. */
static int run_request(const struct scope_request *request, struct buf *why)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    _cleanup_close_ int in = fds[0];
    _cleanup_close_ int out = fds[1];

    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        child_main(request, out);
    cleanup_close(&out);

    struct report report = { 0 };
    bool heard = read_report(in, (int)(request->timeout_usec / 1000) * 2 + 1000, &report);
    if (!heard)
        kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (!heard) {
        buf_str(why, "systemd did not answer in time");
        return -ETIMEDOUT;
    }
    report.text[sizeof(report.text) - 1] = '\0';
    if (report.error < 0)
        buf_str(why, report.text);
    return report.error;
}

/* The directory in which systemd's sockets lie: the user's, or the system's for root. */
static int runtime_dir(const struct cgroup_host *host, struct buf *ret_path)
{
    uid_t uid = cgroup_host_uid(host);
    if (uid == 0)
        return buf_printf(ret_path, "%s/run", cgroup_host_root(host));
    const char *dir = host->runtime_dir ? host->runtime_dir : host->root ? NULL : getenv("XDG_RUNTIME_DIR");
    if (dir && dir[0] == '/')
        return buf_str(ret_path, dir);
    return buf_printf(ret_path, "%s/run/user/%u", cgroup_host_root(host), uid);
}

/* Addresses of the manager, best first: the bus, then systemd's own socket (machines without a user bus). */
static int manager_addresses(const struct cgroup_host *host, struct strv *ret_addresses)
{
    static const char *const user[] = { "bus", "systemd/private" };
    static const char *const system[] = { "dbus/system_bus_socket", "systemd/private" };
    const char *const *names = cgroup_host_uid(host) == 0 ? system : user;

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
    if (!cgroup_systemd_booted(host))
        return false;
    _cleanup_strv_ struct strv addresses = { 0 };
    return manager_addresses(host, &addresses) >= 0 && addresses.n > 0;
}

/* Controllers that the manager can give to its units; all if it cannot be told (attach reads the result back). */
static unsigned manager_controllers(const struct cgroup_host *host)
{
    char group[128] = "/";
    uid_t uid = cgroup_host_uid(host);
    if (uid != 0)
        snprintf(group, sizeof(group), "/user.slice/user-%u.slice/user@%u.service", uid, uid);
    _cleanup_buf_ struct buf path = { 0 };
    _cleanup_close_ int dir = cgroup_open(host, group, &path);
    return dir < 0 ? CONTROLLERS_ALL : cgroup_read_controllers(dir, "cgroup.controllers");
}

unsigned cgroup_scope_controllers(const struct cgroup_host *host)
{
    return cgroup_manager_reachable(host) && cgroup_scope_module() ? manager_controllers(host) : 0;
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
    return run_request(&request, why);
}

/* Open the group that systemd has put init into. */
static int open_scope(struct cgroup *cgroup, pid_t init)
{
    char pid[24];
    snprintf(pid, sizeof(pid), "%d", init);
    _cleanup_buf_ struct buf group = { 0 };
    int r = cgroup_read_group(&cgroup->host, pid, &group);
    if (r < 0)
        return r;
    const char *name = strrchr(group.data, '/') + 1;
    if (strcmp(name, cgroup->unit) != 0)
        return -ESTALE;
    _cleanup_buf_ struct buf path = { 0 };
    cgroup->dir = cgroup_open(&cgroup->host, group.data, &path);
    if (cgroup->dir < 0)
        return cgroup->dir;
    cgroup->path = buf_take(&path);
    return 0;
}

int cgroup_scope_attach(struct cgroup *cgroup, pid_t init, struct buf *why)
{
    int r = start_scope(cgroup, init, why);
    if (r < 0)
        return r;
    r = open_scope(cgroup, init);
    if (r < 0)
        buf_printf(why, "systemd did not put the jail into %s: %s", cgroup->unit, strerror(-r));
    return r;
}
