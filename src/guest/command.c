/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. As lockdown/payload.c, for a command whose kernel is its own: there is no user namespace to enter, its
 * uid is taken instead, and everything else follows in the same order. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/guest.h"
#include "ipc/guest_config.h"
#include "lockdown/caps.h"
#include "lockdown/landlock.h"
#include "lockdown/rlimits.h"
#include "lockdown/seccomp.h"
#include "sys/syscalls.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* What the command's process says before it is the command. */
struct report {
    int error;
    int step; /* into steps, -1: execve(2) */
};

static const char *const steps[] = {
    "the command has no standard files",         "the starting directory is not there inside",
    "the limits cannot be set",                  "the command's user cannot be taken",
    "capabilities cannot be dropped",            "no_new_privs cannot be set",
    "Landlock's domain cannot be entered",       "the seccomp filter cannot be loaded",
};

/* Standard input is a pipe, or a terminal: our end of either does not block. */
int guest_make_files(const struct guest_config *config, struct guest_files *ret)
{
    struct guest_files files = { { -1, -1, -1 }, { -1, -1, -1 }, -1 };
    const uint8_t *terminal = config->numbers.terminal;
    int slave = -1;
    if (terminal[0] || terminal[1] || terminal[2]) {
        int unlock = 0;
        files.terminal = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (files.terminal < 0 || ioctl(files.terminal, TIOCSPTLCK, &unlock) < 0)
            return -errno;
        slave = ioctl(files.terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0 || fchown(slave, config->numbers.uid, config->numbers.gid) < 0)
            return -errno;
    }
    bool reads = false; /* what is written to the terminal comes by one stream */
    for (int fd = 0; fd < 3; fd++) {
        int ends[2];
        if (terminal[fd]) {
            files.theirs[fd] = fcntl(slave, F_DUPFD_CLOEXEC, 3);
            if (fd == 0 || !reads)
                files.ours[fd] = fcntl(files.terminal, F_DUPFD_CLOEXEC, 3);
            reads = reads || fd > 0;
            continue;
        }
        if (pipe2(ends, O_CLOEXEC) < 0)
            return -errno;
        files.theirs[fd] = ends[fd ? 1 : 0];
        files.ours[fd] = ends[fd ? 0 : 1];
        if (fcntl(files.ours[fd], F_SETFL, O_NONBLOCK) < 0)
            return -errno;
    }
    cleanup_close(&slave);
    *ret = files;
    return 0;
}

static int take_files(const struct guest_config *config, const struct guest_files *files)
{
    if (setsid() < 0)
        return -errno;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(files->theirs[fd], fd) < 0)
            return -errno;
    for (int fd = 0; fd < 3; fd++)
        if (config->numbers.terminal[fd])
            return ioctl(fd, TIOCSCTTY, 0) < 0 ? -errno : 0;
    return 0;
}

static int take_user(const struct guest_config *config, uint64_t caps)
{
    if (setgroups(0, NULL) < 0 || setresgid(config->numbers.gid, config->numbers.gid, config->numbers.gid) < 0 ||
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
        setresuid(config->numbers.uid, config->numbers.uid, config->numbers.uid) < 0)
        return -errno;
    return caps_set(caps);
}

static int limit(const struct guest_config *config)
{
    struct policy policy = { .processes = { .value = config->numbers.processes, .set = config->numbers.processes > 0 } };
    return rlimits_apply(&policy);
}

static int enter_landlock(const struct guest_config *config)
{
    int abi = landlock_abi();
    return abi ? landlock_enter_scopes(abi, true, true, config->numbers.keeps_tcp_off, false) : 0;
}

_Noreturn static void become_command(const struct guest_config *config, const struct guest_files *files, int report)
{
    struct report failed = { 0 };
    uint64_t effective, permitted = 0;
    sigset_t none;
    caps_get(&effective, &permitted);
    for (int i = 0; i < (int)ELEMENTSOF(steps) && failed.error == 0; i++) {
        int r = i == 0 ? take_files(config, files)
                : i == 1 ? (chdir(config->directory) < 0 ? -errno : 0)
                : i == 2 ? limit(config)
                : i == 3 ? take_user(config, permitted)
                : i == 4 ? caps_drop_all()
                : i == 5 ? (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0)
                : i == 6 ? enter_landlock(config)
                         : 0;
        failed = (struct report){ -r, i };
    }
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    if (failed.error == 0 && config->filter)
        failed = (struct report){ -seccomp_load(config->filter, config->n_filter), (int)ELEMENTSOF(steps) - 1 };
    if (failed.error == 0) {
        environ = config->env;
        execvp(config->path ? config->path : config->argv[0], config->argv);
        failed = (struct report){ errno, -1 };
    }
    if (write(report, &failed, sizeof(failed)) < 0)
        _exit(125);
    _exit(125);
}

pid_t guest_start_command(const struct guest_config *config, struct guest_files *files, int *ret_error, const char **ret_what)
{
    int ends[2];
    struct report report = { 0 };
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0)
        become_command(config, files, ends[1]);
    close(ends[1]);
    for (int fd = 0; fd < 3; fd++)
        cleanup_close(&files->theirs[fd]);
    if (pid > 0 && read(ends[0], &report, sizeof(report)) == (ssize_t)sizeof(report) && report.step >= 0)
        *ret_what = steps[report.step];
    close(ends[0]);
    *ret_error = report.error;
    return pid < 0 ? -errno : pid;
}
