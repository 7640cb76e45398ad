/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many jails at once: starts COUNT of them together, sees that each one works, and times the start of one more while
 * they are there against the same on an empty machine.
 *
 *   crowd [-c COUNT] [-n SAMPLES] [-l] LAUNCHER [ARG...]
 *
 * LAUNCHER ARG... is put before the commands that are to run in jails. Prints one line: working, ended in order, median
 * start (us) alone and among them, what each took of the time until all were up (us), and with -l the median time (us)
 * of LAUNCHER --list while all are there.
 * Fails if any jail did not work. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 10000
#define LAUNCHER_MAX 32
#define PATIENCE_S 300 /* for all to be up, and for all to be gone */

extern char **environ;

struct crowd {
    char *argv[LAUNCHER_MAX + 8]; /* the launcher; the command is put behind */
    size_t prefix;
    size_t count, samples;
    pid_t *pids;
    int ready[2]; /* each jail's payload writes one line here, then sleeps */
    size_t working, ended;
    bool list; /* -l */
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Returns the pid or 0. out: what the command gets as its stdout, -1: /dev/null. */
static pid_t spawn(struct crowd *c, const char *const *command, int out)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;

    for (size_t i = 0;; i++) {
        c->argv[c->prefix + i] = (char *)command[i];
        if (!command[i])
            break;
    }
    if (posix_spawn_file_actions_init(&actions) != 0)
        return 0;
    int r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (r == 0)
        r = out >= 0 ? posix_spawn_file_actions_adddup2(&actions, out, 1)
                     : posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (r == 0)
        r = posix_spawnp(&pid, c->argv[0], &actions, NULL, c->argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (r != 0) {
        fprintf(stderr, "crowd: %s: cannot be run: %s\n", c->argv[0], strerror(r));
        return 0;
    }
    return pid;
}

/* Median of starting the launcher with these words and waiting for its end, us; negative if one failed. */
static double median_of(struct crowd *c, const char *const *command)
{
    uint64_t *t = calloc(c->samples, sizeof *t);
    double median = -1;

    for (size_t i = 0; t && i < c->samples; i++) {
        int status;
        uint64_t begin = now_ns();
        pid_t pid = spawn(c, command, -1);
        if (pid == 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "crowd: `%s` failed\n", command[0]);
            free(t);
            return -1;
        }
        t[i] = now_ns() - begin;
    }
    if (t) {
        qsort(t, c->samples, sizeof *t, compare);
        median = (double)t[c->samples / 2] / 1000;
    }
    free(t);
    return median;
}

static double median_start(struct crowd *c)
{
    static const char *const command[] = {"true", NULL};
    return median_of(c, command);
}

static double median_list(struct crowd *c)
{
    static const char *const command[] = {"--list", NULL};
    size_t prefix = c->prefix;
    c->prefix = 1; /* the launcher alone */
    double median = median_of(c, command);
    c->prefix = prefix;
    return median;
}

static bool start_all(struct crowd *c)
{
    static const char *const command[] = {"sh", "-c", "echo; exec sleep 3600", NULL};
    for (size_t i = 0; i < c->count; i++) {
        c->pids[i] = spawn(c, command, c->ready[1]);
        if (c->pids[i] == 0)
            return false;
    }
    close(c->ready[1]); /* end of file: all that could write are gone */
    return true;
}

/* Count the lines that payloads write, until all have. */
static void wait_all_up(struct crowd *c)
{
    uint64_t limit = now_ns() + (uint64_t)PATIENCE_S * 1000000000u;
    char lines[4096];

    while (c->working < c->count && now_ns() < limit) {
        struct pollfd p = {.fd = c->ready[0], .events = POLLIN};
        if (poll(&p, 1, 1000) <= 0)
            continue;
        ssize_t n = read(c->ready[0], lines, sizeof lines);
        if (n <= 0)
            return;
        c->working += (size_t)n;
    }
}

/* TERM to every launcher; an orderly end is what agentjail answers to that: 128 + SIGTERM. */
static void end_all(struct crowd *c)
{
    uint64_t limit = now_ns() + (uint64_t)PATIENCE_S * 1000000000u;

    for (size_t i = 0; i < c->count; i++)
        if (c->pids[i] > 0)
            kill(c->pids[i], SIGTERM);
    for (size_t i = 0; i < c->count; i++) {
        int status = 0;
        pid_t r = 0;
        while (c->pids[i] > 0 && (r = waitpid(c->pids[i], &status, WNOHANG)) == 0 && now_ns() < limit)
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        if (r == c->pids[i] && WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM)
            c->ended++;
        else if (r == 0 && c->pids[i] > 0) {
            kill(c->pids[i], SIGKILL);
            waitpid(c->pids[i], NULL, 0);
        }
    }
}

static int usage(void)
{
    fputs("usage: crowd [-c COUNT] [-n SAMPLES] [-l] LAUNCHER [ARG...]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct crowd c = {.count = 500, .samples = 50, .ready = {-1, -1}};
    for (int opt; (opt = getopt(argc, argv, "+c:n:l")) != -1;) {
        if (opt == 'c')
            c.count = strtoul(optarg, NULL, 10);
        else if (opt == 'n')
            c.samples = strtoul(optarg, NULL, 10);
        else if (opt == 'l')
            c.list = true;
        else
            return usage();
    }
    c.prefix = (size_t)(argc - optind);
    if (c.prefix == 0 || c.prefix > LAUNCHER_MAX || c.count == 0 || c.count > COUNT_MAX || c.samples == 0)
        return usage();
    memcpy(c.argv, argv + optind, c.prefix * sizeof *argv);
    c.pids = calloc(c.count, sizeof *c.pids);
    if (!c.pids || pipe2(c.ready, O_CLOEXEC) < 0)
        return 1;

    double alone = median_start(&c);
    uint64_t begin = now_ns();
    bool started = alone >= 0 && start_all(&c);
    if (started)
        wait_all_up(&c);
    double each = (double)(now_ns() - begin) / 1000 / (double)c.count;
    double among = started ? median_start(&c) : -1;
    double list = started && c.list ? median_list(&c) : 0;
    end_all(&c);
    free(c.pids);
    printf("%zu\t%zu\t%.1f\t%.1f\t%.1f\t%.1f\n", c.working, c.ended, alone, among, each, list);
    return c.working == c.count && c.ended == c.count && among >= 0 && list >= 0 ? 0 : 1;
}
