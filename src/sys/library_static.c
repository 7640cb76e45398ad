/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/library.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/module.h"

/* Of the process, as it was started and as it is to be left. */
static struct {
    char **argv;
    pid_t self; /* 0: too late. A child of ours is not to begin anew either */
    pid_t child;
    sigset_t mask;
    bool masked;
} begun;

void library_begin(char **argv)
{
    begun.argv = argv;
    begun.self = getpid();
}

void library_began(pid_t child, const sigset_t *mask)
{
    begun.child = child;
    begun.masked = mask;
    if (mask)
        begun.mask = *mask;
}

void library_begun(void)
{
    begun.self = 0;
}

/* Every descriptor of ours is closed at the execve(2). */
int library_needed(struct buf *why)
{
    _cleanup_buf_ struct buf path = { 0 };
    int r = module_path(LIBRARY_PROGRAM, &path);
    if (r < 0)
        return r;
    if (getpid() != begun.self) {
        buf_str(why, "this program opens no libraries");
        return -ELIBACC;
    }
    if (begun.child > 0) {
        kill(begun.child, SIGKILL);
        waitpid(begun.child, NULL, 0);
    }
    if (begun.masked)
        sigprocmask(SIG_SETMASK, &begun.mask, NULL);
    execv(path.data, begun.argv);
    int e = errno;
    buf_printf(why, "%s, which this needs, cannot be run (%s): install agentjail anew", path.data, strerror(e));
    return -e;
}

void *library_open(const char *file, struct buf *why)
{
    (void)file;
    library_needed(why);
    return NULL;
}

void *library_symbol(void *library, const char *name)
{
    (void)library;
    (void)name;
    return NULL;
}

void library_close(void *library)
{
    (void)library;
}

const char *library_of(const void *address)
{
    (void)address;
    return NULL;
}

const struct passwd *library_user(uid_t uid)
{
    _cleanup_buf_ struct buf why = { 0 };
    (void)uid;
    library_needed(&why);
    return NULL;
}

bool library_paired(const char *path)
{
    (void)path;
    return true;
}

int library_program(void)
{
    _cleanup_buf_ struct buf path = { 0 };
    int r = module_path(LIBRARY_PROGRAM, &path);
    if (r < 0)
        return r;
    int fd = open(path.data, O_PATH | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}
