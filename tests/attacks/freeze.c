/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cflags: -pthread
 * Attacks on the freezer: programs that do not want to stop. `freeze NAME FILE` makes FILE, says "up" and then runs until
 * it is killed. Whoever runs counts in FILE, of which the host reads whether anything in the jail runs. */
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "attack.h"

#define SLOTS 512

static volatile uint64_t *slots;

static int map(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || ftruncate(fd, SLOTS * sizeof(*slots)) < 0)
        return broken(path);
    slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return slots == MAP_FAILED ? broken("mmap") : 0;
}

static void beat(int slot)
{
    slots[slot]++;
}

static int up(void)
{
    puts("up");
    fflush(stdout);
    return 0;
}

_Noreturn static void beat_forever(int slot)
{
    for (;;) {
        beat(slot);
        usleep(500);
    }
}

/* Nothing but a loop: has to be stopped, and to run on. */
static int run_plain(char **argv)
{
    if (map(argv[0]))
        return BROKEN;
    up();
    beat_forever(0);
}

/* Each of four continues the others, all the time: who is stopped last has continued one that was stopped before. */
static int run_pingpong(char **argv)
{
    enum { N = 4 };
    volatile pid_t *pids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pids == MAP_FAILED || map(argv[0]))
        return BROKEN;
    for (int i = 0; i < N; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            while (!pids[N - 1])
                usleep(100);
            for (;;) {
                beat(i);
                for (int k = 0; k < N; k++)
                    if (k != i)
                        kill(pids[k], SIGCONT);
            }
        }
        pids[i] = pid;
    }
    up();
    for (;;)
        pause();
}

static void nothing(int signal)
{
    (void)signal;
}

/* The kernel continues it: timers whose signal is SIGCONT. It stops itself again, so that it is seldom seen to run. Many of
 * them, started anew by turns: before Linux 6.13 one whose signal a SIGSTOP has flushed fires no more. Therefore also a
 * child that continues it, when the freeze is over. */
static int run_timer(char **argv)
{
    enum { N = 100, EVERY_NS = 5000000, BY_TURNS = 4 };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
    timer_t timers[N];
    signal(SIGCONT, nothing); /* a timer whose signal is ignored goes to sleep */
    if (map(argv[0]))
        return BROKEN;
    if (fork() == 0)
        for (;; usleep(20000))
            kill(getppid(), SIGCONT);
    for (int i = 0; i < N; i++)
        if (timer_create(CLOCK_MONOTONIC, &event, &timers[i]) < 0)
            return broken("timer");
    up();
    for (unsigned i = 0;; i++) {
        struct itimerspec every = { .it_interval = { .tv_nsec = N * (long)EVERY_NS } };
        every.it_value.tv_nsec = EVERY_NS * (1 + (long)(i % N));
        if (timer_settime(timers[i % N], 0, &every, NULL) < 0)
            return broken("timer");
        beat(0);
        if (i >= N && i % BY_TURNS == 0)
            kill(getpid(), SIGSTOP);
    }
}

/* Nearly always asleep in the kernel, where a stop waits. Continued by a timer it runs for a moment, sees by the clock that it
 * had been stopped, and stops by itself. */
static int run_sleeper(char **argv)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
    struct itimerspec every = { .it_interval = { .tv_nsec = 150000000 }, .it_value = { .tv_nsec = 150000000 } };
    struct timespec before, now;
    timer_t timer;
    signal(SIGCONT, nothing);
    if (map(argv[0]))
        return BROKEN;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 || timer_settime(timer, 0, &every, NULL) < 0)
        return broken("timer");
    up();
    for (clock_gettime(CLOCK_MONOTONIC, &before);; before = now) {
        beat(0);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((now.tv_sec - before.tv_sec) * 1000 + (now.tv_nsec - before.tv_nsec) / 1000000 > 100)
            kill(getpid(), SIGSTOP);
        else if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
            return broken("membarrier");
    }
}

/* The parent of a vfork child sleeps and cannot be woken. */
static int run_vfork(char **argv)
{
    if (map(argv[0]))
        return BROKEN;
    up();
    for (;;) {
        pid_t pid = vfork();
        if (pid == 0) {
            for (int i = 0; i < 400; i++) {
                beat(1);
                usleep(500);
            }
            _exit(0);
        }
        waitpid(pid, NULL, 0);
        beat(0);
    }
}

/* A tracer that lets go of what it traces at once, whatever stops it. */
static int run_ptrace(char **argv)
{
    if (map(argv[0]))
        return BROKEN;
    pid_t pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(1);
        raise(SIGUSR1);
        beat_forever(1);
    }
    up();
    for (;;) {
        int status;
        if (waitpid(pid, &status, __WALL) < 0)
            return stopped("ptrace");
        if (WIFSTOPPED(status))
            ptrace(PTRACE_CONT, pid, NULL, NULL);
        beat(0);
    }
}

static void *thread(void *slot)
{
    beat_forever((int)(intptr_t)slot);
    return NULL;
}

static int run_threads(char **argv)
{
    pthread_t id;
    if (map(argv[0]))
        return BROKEN;
    for (int i = 1; i < 40; i++)
        if (pthread_create(&id, NULL, thread, (void *)(intptr_t)i) != 0)
            return broken("thread");
    up();
    beat_forever(0);
}

/* Writes to the protected file while it may. The kernel lets one in at a time: the others wait where no signal wakes them. */
static void *writer(void *slot)
{
    for (;;) {
        int fd = open(".git/config", O_WRONLY | O_APPEND);
        ssize_t n = fd >= 0 ? write(fd, "text\n", 5) : 0;
        beat((int)(intptr_t)slot);
        if (fd >= 0)
            close(fd);
        if (n < 0)
            return NULL;
    }
}

static int run_writers(char **argv)
{
    pthread_t id;
    if (map(argv[0]))
        return BROKEN;
    for (int i = 1; i < 4; i++)
        if (pthread_create(&id, NULL, writer, (void *)(intptr_t)i) != 0)
            return broken("thread");
    up();
    writer(0);
    return BROKEN;
}

/* New processes all the time, each of which continues its parent's group before it makes the next one. */
static int run_forks(char **argv)
{
    if (map(argv[0]))
        return BROKEN;
    signal(SIGCHLD, SIG_IGN);
    up();
    for (;;) {
        beat(0);
        if (fork() == 0) {
            beat(1);
            for (int i = 0; i < 3; i++)
                if (fork() == 0) {
                    kill(0, SIGCONT);
                    beat(2);
                    _exit(0);
                }
            usleep(1000);
            _exit(0);
        }
        usleep(300);
    }
}

/* Its child was stopped by somebody else's job control, and has to stay so. */
static int run_job(char **argv)
{
    if (map(argv[0]))
        return BROKEN;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGCONT, SIG_DFL);
        kill(getpid(), SIGSTOP);
        beat_forever(1);
    }
    waitpid(pid, NULL, WUNTRACED);
    up();
    beat_forever(0);
}

/* Exit 0 if the counters in FILE moved within the milliseconds, and say in which slots. */
static int run_beats(char **argv)
{
    uint64_t before[SLOTS];
    int fd = open(argv[0], O_RDONLY), moved = 0;
    slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ, MAP_SHARED, fd, 0);
    if (slots == MAP_FAILED)
        return broken(argv[0]);
    for (int i = 0; i < SLOTS; i++)
        before[i] = slots[i];
    usleep((useconds_t)(atoi(argv[1]) * 1000));
    for (int i = 0; i < SLOTS; i++)
        if (slots[i] != before[i]) {
            printf("%s%d", moved ? " " : "", i);
            moved = 1;
        }
    puts(moved ? "" : "still");
    return moved ? WORKED : STOPPED;
}

int main(int argc, char **argv)
{
    static const struct attack table[] = {
        { "plain", 1, run_plain },   { "pingpong", 1, run_pingpong }, { "timer", 1, run_timer },
        { "vfork", 1, run_vfork },   { "ptrace", 1, run_ptrace },     { "threads", 1, run_threads },
        { "forks", 1, run_forks },   { "job", 1, run_job },           { "writers", 1, run_writers },
        { "sleeper", 1, run_sleeper },
        { "beats", 2, run_beats },
        { NULL, 0, NULL },
    };
    return attack_main(table, argc, argv);
}
