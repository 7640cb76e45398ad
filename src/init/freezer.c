/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. SIGSTOP cannot be caught, but it can be undone: by any process that sends SIGCONT before it stops
 * itself, by a timer or a file that was told to send SIGCONT, by an exit that orphans a process group. So we stop, look,
 * and believe only what cannot have been undone:
 *
 *  1. kill(-1, SIGSTOP): once for all that exists. fork(2) cannot slip through, it starts anew when a signal is pending.
 *  2. Sweep: the state of every thread in /proc. Stopped (T), held by a tracer that is stopped itself (t), dead (Z, X) is
 *     good. In the kernel and not to be woken (D, as the parent of a vfork child) is good if the stop is on its way:
 *     SIGSTOP pending, or a thread of the same process stopped already. All else runs, and gets SIGSTOP again.
 *  3. A sweep takes time, in which one that is not looked at yet may continue one that was. So the last two sweeps must
 *     find nothing that runs, the same threads, and for each the same number of context switches. Then between the two
 *     there is a moment at which all were stopped, and what is stopped continues nobody.
 *
 * Timers and files can still send SIGCONT afterwards: freezer_check() finds out by the same print who has run. Who was
 * asleep in step 2 wakes in the kernel and runs there until it takes its stop; it is not held against it until it has
 * been seen stopped.
 *
 * What the user's job control had stopped before stays stopped: SIGSTOP then waits behind the first stop (pending in a
 * process that is T), whereas one that we stopped has taken it. To be seen before a second one is sent only, and of one
 * thread at a time: while our stop is being taken one may still have it to come when the next has stopped already. */
#include "init/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/thread_state.h"
#include "sys/entries.h"

#define RELAPSES_MAX 32   /* sweeps that found somebody continued */
#define PATIENCE_MS 5000  /* a loaded machine takes its time until each has stopped */
#define PAUSE_MAX_NS 4000000

struct sweep {
    bool first;     /* nobody has got a second SIGSTOP yet */
    bool settled;   /* who was asleep when all had stopped may be on its way from there to the stop */
    size_t running; /* threads */
    size_t continued; /* of them: no stop is on its way */
    uint64_t print;
};

/* One process as seen in a sweep. */
struct process {
    size_t stopped, asleep, running;
    bool pending;
    bool behind; /* a thread is stopped, and a stop was still waiting when its state had been read */
};

/* Call visit for every number that is a name in the directory: pids, or threads. */
static int each_number(int dir, int (*visit)(void *with, pid_t number), void *with)
{
    struct entries entries;
    entries_begin(&entries, dir);
    for (const struct entry *e; (e = entries_next(&entries));) {
        pid_t number = e->name[0] >= '1' && e->name[0] <= '9' ? (pid_t)strtol(e->name, NULL, 10) : 0;
        int r = number ? visit(with, number) : 0;
        if (r < 0)
            return r;
    }
    return entries.error == -ENOENT || entries.error == -ESRCH ? 0 : entries.error;
}

struct visit {
    struct freezer *f;
    struct sweep *sweep;
    struct process process;
    int tasks;
};

/* 1: in *ret. 0: it is gone. */
static int read_state(int tasks, pid_t tid, struct thread_state *ret)
{
    static char text[65536]; /* the line of groups can be long */
    char name[32];
    snprintf(name, sizeof(name), "%d/status", tid);
    _cleanup_close_ int fd = openat(tasks, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    size_t len = 0;
    while (fd >= 0 && len < sizeof(text) - 1) {
        ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);
        if (n == 0)
            break;
        if (n < 0)
            return errno == ESRCH ? 0 : -errno;
        len += (size_t)n;
    }
    if (fd < 0)
        return errno == ENOENT || errno == ESRCH ? 0 : -errno;
    text[len] = '\0';
    return thread_state_parse(text, ret) ? 1 : -EOVERFLOW;
}

static bool is_sleeper(const struct freezer *f, pid_t tid)
{
    for (size_t i = 0; i < f->n_sleepers; i++)
        if (f->sleepers[i] == tid)
            return true;
    return false;
}

/* It has stopped now, and is held to it from here on as the others are. */
static void forget_sleeper(struct freezer *f, pid_t tid, uint64_t print)
{
    for (size_t i = 0; i < f->n_sleepers; i++)
        if (f->sleepers[i] == tid) {
            f->sleepers[i] = f->sleepers[--f->n_sleepers];
            f->print += print;
            return;
        }
}

/* The order of threads does not count, each of the numbers does (the mixing step of splitmix64). */
static uint64_t mix(pid_t tid, uint64_t switches)
{
    uint64_t x = ((uint64_t)tid << 40) + switches + 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

static int visit_thread(void *with, pid_t tid)
{
    struct visit *v = with;
    struct thread_state t = { 0 };
    int r = read_state(v->tasks, tid, &t);
    if (r <= 0)
        return r;
    v->process.pending |= t.stop_pending;
    switch (t.state) {
    case 'T':
    case 't':
        v->process.stopped++;
        v->process.behind |= t.stop_pending;
        if (v->sweep->settled)
            forget_sleeper(v->f, tid, mix(tid, t.switches));
        if (!is_sleeper(v->f, tid))
            v->sweep->print += mix(tid, t.switches);
        break;
    case 'D':
        v->process.asleep++;
        if (!v->sweep->settled && v->f->n_sleepers < FREEZER_SLEEPERS && !is_sleeper(v->f, tid))
            v->f->sleepers[v->f->n_sleepers++] = tid;
        break;
    case 'Z':
    case 'X':
    case 'x':
    case 'I': /* waits for the dump of its core, and ends */
        break;
    default:
        if (v->sweep->settled && is_sleeper(v->f, tid))
            v->process.asleep++;
        else
            v->process.running++;
    }
    return 0;
}

static void judge(struct visit *v, pid_t pid)
{
    struct process *p = &v->process;
    bool coming = p->pending || p->stopped;
    if (v->sweep->first && p->behind && v->f->n_before < FREEZER_PIDS)
        v->f->before[v->f->n_before++] = pid;
    size_t running = p->running + (coming ? 0 : p->asleep);
    v->sweep->running += running;
    if (running && !coming) {
        v->sweep->continued++;
        if (!v->sweep->first)
            kill(pid, SIGSTOP);
    }
}

static int visit_process(void *with, pid_t pid)
{
    struct visit *v = with;
    char name[32];
    if (pid == 1)
        return 0; /* ourselves */
    snprintf(name, sizeof(name), "%d/task", pid);
    _cleanup_close_ int tasks = openat(v->f->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (tasks < 0)
        return errno == ENOENT || errno == ESRCH ? 0 : -errno;
    v->tasks = tasks;
    v->process = (struct process){ 0 };
    int r = each_number(tasks, visit_thread, v);
    if (r >= 0)
        judge(v, pid);
    return r;
}

static int sweep(struct freezer *f, struct sweep *s)
{
    struct visit v = { .f = f, .sweep = s };
    if (lseek(f->proc, 0, SEEK_SET) < 0)
        return -errno;
    return each_number(f->proc, visit_process, &v);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Steps 2 and 3. */
static int settle(struct freezer *f, bool first)
{
    int64_t patience = now_ms() + PATIENCE_MS;
    unsigned relapses = 0;
    bool quiet = false;
    uint64_t print = 0;

    f->n_sleepers = 0;
    for (long pause = 20000;;) {
        struct sweep s = { .first = first };
        int r = sweep(f, &s);
        if (r < 0)
            return r;
        if (s.running == 0 && quiet && s.print == print) {
            f->print = print;
            return 0;
        }
        quiet = s.running == 0;
        print = s.print;
        if (!first && s.continued && ++relapses > RELAPSES_MAX)
            return -EBUSY;
        first = false;
        if (quiet)
            continue;
        if (now_ms() > patience)
            return -EBUSY;
        struct timespec wait = { .tv_nsec = pause };
        ppoll(NULL, 0, &wait, NULL);
        pause = pause * 2 > PAUSE_MAX_NS ? PAUSE_MAX_NS : pause * 2;
    }
}

bool freezer_strike(struct freezer *f)
{
    if (f->reasons || f->blind || f->group || f->struck)
        return false;
    kill(-1, SIGSTOP); /* a second one would be taken for the user's own, see above */
    f->struck = true;
    return true;
}

int freezer_freeze(struct freezer *f, enum freeze_reason reason)
{
    bool frozen = f->reasons != 0;
    f->reasons |= reason;
    if (f->blind)
        return kill(f->group ? -f->group : -1, SIGSTOP) < 0 && errno != ESRCH ? -errno : 0;
    if (f->group) /* a test has us in the host's pid namespace, whose other processes are not ours */
        return kill(-f->group, SIGSTOP) < 0 && errno != ESRCH ? -errno : 0;
    if (frozen) {
        int r = freezer_check(f);
        return r < 0 ? r : 0;
    }
    if (!f->struck && kill(-1, SIGSTOP) < 0 && errno != ESRCH)
        return -errno;
    f->struck = false;
    if (f->proc < 0)
        f->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->proc < 0)
        return -errno;
    f->n_before = 0;
    return settle(f, true);
}

int freezer_check(struct freezer *f)
{
    if (f->group || f->blind)
        return 0;
    struct sweep s = { .settled = true };
    int r = sweep(f, &s);
    if (r < 0)
        return r;
    if (s.running == 0 && s.print == f->print)
        return 0;
    r = settle(f, false);
    return r < 0 ? r : 1;
}

/* Children before their parents: a shell that runs first would see its job stopped, and take the terminal from it. Pids
 * mostly grow, and where they do not the shell's prompt comes once too often. */
struct going {
    pid_t pids[FREEZER_PIDS];
    size_t n;
    bool many;
};

static int collect(void *with, pid_t pid)
{
    struct going *g = with;
    if (pid == 1)
        return 0;
    if (g->n < FREEZER_PIDS)
        g->pids[g->n++] = pid;
    else
        g->many = true;
    return 0;
}

static bool was_stopped(const struct freezer *f, pid_t pid)
{
    for (size_t i = 0; i < f->n_before; i++)
        if (f->before[i] == pid)
            return true;
    return false;
}

static void continue_all(struct freezer *f)
{
    static struct going g;
    g.n = 0;
    g.many = false;
    if (f->proc < 0 || lseek(f->proc, 0, SEEK_SET) < 0 || each_number(f->proc, collect, &g) < 0 || g.many) {
        kill(-1, SIGCONT);
        return;
    }
    while (g.n > 0) {
        pid_t pid = g.pids[--g.n];
        if (!was_stopped(f, pid))
            kill(pid, SIGCONT);
    }
}

bool freezer_thaw(struct freezer *f, enum freeze_reason reason)
{
    if (!(f->reasons & reason))
        return false;
    f->reasons &= ~(unsigned)reason;
    if (f->reasons)
        return false;
    if (f->group)
        kill(-f->group, SIGCONT);
    else
        continue_all(f);
    return true;
}
