/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One child for each scope: forked, loads the module, asks, reports over a pipe, ends. */
#include "config.h"

#include "monitor/cgroup_scope.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SCOPE_TEXT_MAX 512

/* What the child reports. */
struct report {
    int error; /* 0 or -errno */
    char text[SCOPE_TEXT_MAX];
};

/* The build tree's module counts only for the binary of that very tree. */
static bool in_build_tree(void)
{
#ifdef AGENTJAIL_BUILDDIR
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    size_t len = strlen(AGENTJAIL_BUILDDIR);
    return strncmp(exe, AGENTJAIL_BUILDDIR, len) == 0 && exe[len] == '/';
#else
    return false;
#endif
}

static const char *module_path(void)
{
#ifdef AGENTJAIL_BUILDDIR
    if (in_build_tree())
        return AGENTJAIL_BUILDDIR "/scope.so";
#endif
    return PKGLIBDIR "/scope.so";
}

bool scope_module_find(struct buf *ret_path)
{
    const char *path = module_path();
    if (ret_path)
        buf_str(ret_path, path);
    return access(path, R_OK) == 0;
}

/* In the child: load, compare the stamp, ask. */
static void ask(const struct scope_request *request, struct report *report)
{
    const char *path = module_path();
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        report->error = -ENOENT;
        snprintf(report->text, sizeof(report->text), "cannot load the module that talks to systemd: %s", dlerror());
        return;
    }
    const char *stamp = dlsym(module, SCOPE_STAMP_SYMBOL);
    scope_start_fn *start = NULL;
    *(void **)&start = dlsym(module, SCOPE_START_SYMBOL);
    if (!stamp || !start || strcmp(stamp, SCOPE_STAMP) != 0) {
        report->error = -ELIBBAD;
        snprintf(report->text, sizeof(report->text), "%s is of version %.40s, this program of %s: install both anew",
                 path, stamp ? stamp : "unknown", SCOPE_STAMP);
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

int scope_request_run(const struct scope_request *request, struct buf *why)
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
