/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe_who.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

static void forget(struct who *w, size_t i)
{
    close(w->known[i].pidfd);
    w->known[i].thread = 0;
}

void observe_who_forget(struct who *w, uint32_t thread)
{
    for (size_t i = 0; i < WHO_MAX; i++)
        if (w->known[i].thread == thread)
            forget(w, i);
}

static void forget_process(struct who *w, pid_t process)
{
    for (size_t i = 0; i < WHO_MAX; i++)
        if (w->known[i].thread && w->known[i].process == process)
            forget(w, i);
}

/* A pidfd is readable once its process, or thread, has ended. */
static bool recall(struct who *w, struct asker *a, char *ret_exe)
{
    for (size_t i = 0; i < WHO_MAX; i++) {
        if (w->known[i].thread != a->call->pid)
            continue;
        struct pollfd p = { .fd = w->known[i].pidfd, .events = POLLIN };
        if (poll(&p, 1, 0) != 0) {
            forget(w, i);
            return false;
        }
        a->process = w->known[i].process;
        memcpy(ret_exe, w->known[i].exe, strlen(w->known[i].exe) + 1);
        return true;
    }
    return false;
}

static bool is_running(const struct who *w, pid_t process)
{
    for (size_t i = 0; i < WHO_RUNS_MAX; i++)
        if (w->runs[i].thread && w->runs[i].process == process)
            return true;
    return false;
}

/* A thread that asks for something else has left its execve(2), or is the program that this has begun. */
static void note_back(struct who *w, uint32_t thread)
{
    for (size_t i = 0; i < WHO_RUNS_MAX; i++)
        if (w->runs[i].thread == thread)
            w->runs[i].thread = 0;
}

static void remember(struct who *w, const struct asker *a, int pidfd, const char *exe)
{
    size_t i = w->next;
    if (w->known[i].thread)
        forget(w, i);
    w->known[i].thread = a->call->pid;
    w->known[i].pidfd = pidfd;
    w->known[i].process = a->process;
    memcpy(w->known[i].exe, exe, strlen(exe) + 1);
    w->next = (w->next + 1) % WHO_MAX;
}

void observe_who(struct who *w, struct asker *a, char ret_exe[static PATH_MAX])
{
    char entry[32];
    note_back(w, a->call->pid);
    if (recall(w, a, ret_exe))
        return;
    _cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, a->call->pid, 0U);
    if (pidfd >= 0)
        a->process = (pid_t)a->call->pid;
    else
        pidfd = (int)syscall(SYS_pidfd_open, a->call->pid, PIDFD_THREAD);
    pid_t process = guard_asker_process(a);
    snprintf(entry, sizeof(entry), "%u/exe", a->call->pid);
    ssize_t n = readlinkat(a->guard->proc, entry, ret_exe, PATH_MAX - 1);
    ret_exe[n > 0 ? n : 0] = '\0';
    if (pidfd >= 0 && process > 0 && n > 0 && n < WHO_EXE_MAX && !w->full && !is_running(w, process))
        remember(w, a, TAKE_FD(pidfd), ret_exe);
}

/* Of those that run some were killed, or run a program that asks for nothing. */
static void drop_dead(struct who *w, const struct asker *a)
{
    char entry[32];
    struct stat st;
    for (size_t i = 0; i < WHO_RUNS_MAX; i++) {
        snprintf(entry, sizeof(entry), "%d", w->runs[i].process);
        if (w->runs[i].thread && fstatat(a->guard->proc, entry, &st, 0) < 0)
            w->runs[i].thread = 0;
    }
}

static bool note_run(struct who *w, uint32_t thread, pid_t process)
{
    for (size_t i = 0; i < WHO_RUNS_MAX; i++) {
        if (w->runs[i].thread)
            continue;
        w->runs[i].thread = thread;
        w->runs[i].process = process;
        return true;
    }
    return false;
}

void observe_who_runs(struct who *w, struct asker *a)
{
    pid_t process = guard_asker_process(a);
    note_back(w, a->call->pid);
    forget_process(w, process);
    if (process <= 0 || note_run(w, a->call->pid, process))
        return;
    drop_dead(w, a);
    if (note_run(w, a->call->pid, process))
        return;
    w->full = true;
    for (size_t i = 0; i < WHO_MAX; i++)
        if (w->known[i].thread)
            forget(w, i);
}

/* By a thread that is not the process' first an execve(2) ends under another number than it began. */
void observe_who_begun(struct who *w, struct asker *a)
{
    pid_t process = guard_asker_process(a);
    forget_process(w, process);
    if (!is_running(w, process) || !guard_asker_is_alone(a))
        return;
    for (size_t i = 0; i < WHO_RUNS_MAX; i++)
        if (w->runs[i].process == process)
            w->runs[i].thread = 0;
}
