/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

static int write_file(const char *path, const char *text)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int write_map(const char *path, unsigned inside, unsigned outside)
{
    char line[32];
    snprintf(line, sizeof(line), "%u %u 1\n", inside, outside);
    return write_file(path, line);
}

int userns_map(uid_t inside_uid, uid_t uid, gid_t inside_gid, gid_t gid)
{
    int r = write_file("/proc/self/setgroups", "deny");
    if (r >= 0)
        r = write_map("/proc/self/gid_map", inside_gid, gid);
    if (r >= 0)
        r = write_map("/proc/self/uid_map", inside_uid, uid);
    return r;
}

struct inner {
    uid_t uid, caller_uid;
    gid_t gid, caller_gid;
    int fd; /* the result, in the file table that both share */
};

static int inner_main(void *arg)
{
    struct inner *inner = arg;
    inner->fd = userns_map(inner->uid, inner->caller_uid, inner->gid, inner->caller_gid);
    if (inner->fd >= 0) {
        inner->fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
        if (inner->fd < 0)
            inner->fd = -errno;
    }
    return 0;
}

int userns_make_inner(uid_t uid, gid_t gid)
{
    /* Memory and files are shared, the caller sleeps until the child is gone: nothing is copied. */
    static _Alignas(16) char stack[16384];
    struct inner inner = { uid, geteuid(), gid, getegid(), -ECHILD };
    pid_t pid = clone(inner_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWUSER | SIGCHLD,
                      &inner);
    if (pid < 0)
        return -errno;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return inner.fd;
}
