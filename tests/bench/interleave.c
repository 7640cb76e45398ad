/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times the start, work and end of commands against each other: A B C A B C ..., so that whatever else the machine does
 * falls on all of them alike. Prints one line a command: min, median, p90 (us), failures.
 *
 *   interleave [-n RUNS] [-w WARM] [-p COMMAND] [-r FILE] COMMAND [ARG...] [::: COMMAND [ARG...]]...
 *
 * -n  rounds counted (200)     -w  rounds before those, not counted (10)
 * -p  run by sh before each timed run, not timed      -r  write every sample (us) to FILE, one line a round
 * Commands get /dev/null as stdin and stdout; their stderr is ours. One that fails ends the run: a number for a command
 * that does not work is worse than none. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define ROUNDS_MAX 100000

extern char **environ;

struct contender {
    char **argv;
    uint64_t *samples; /* ns */
};

struct options {
    size_t rounds, warm;
    char *prepare;
    const char *raw;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* posix_spawn is clone(CLONE_VM|CLONE_VFORK) in glibc and musl: our own size does not count. Returns ns or 0. */
static uint64_t run_once(char **argv, const posix_spawn_file_actions_t *actions)
{
    uint64_t begin = now_ns();
    pid_t pid;
    int r = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
    if (r != 0) {
        fprintf(stderr, "interleave: %s: cannot be run: %s\n", argv[0], strerror(r));
        return 0;
    }
    int status;
    while (wait4(pid, &status, 0, NULL) < 0)
        if (errno != EINTR)
            return 0;
    uint64_t end = now_ns();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "interleave: %s: ended with wait status 0x%x\n", argv[0], (unsigned)status);
        return 0;
    }
    return end - begin;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool write_raw(const char *path, const struct contender *contenders, size_t n, size_t rounds)
{
    FILE *f = fopen(path, "we");
    if (!f)
        return false;
    for (size_t i = 0; i < rounds; i++)
        for (size_t c = 0; c < n; c++)
            fprintf(f, "%.1f%c", (double)contenders[c].samples[i] / 1000, c + 1 < n ? '\t' : '\n');
    return fclose(f) == 0;
}

static void print_result(size_t index, struct contender *c, size_t rounds)
{
    qsort(c->samples, rounds, sizeof *c->samples, compare);
    uint64_t middle = c->samples[rounds / 2];
    if (rounds % 2 == 0)
        middle = (middle + c->samples[rounds / 2 - 1]) / 2;
    printf("%zu\t%.1f\t%.1f\t%.1f\t%s\n", index, (double)c->samples[0] / 1000, (double)middle / 1000,
           (double)c->samples[rounds * 9 / 10] / 1000, c->argv[0]);
}

/* Split argv at ":::" into commands; returns how many, 0 if malformed. */
static size_t split(char **argv, struct contender *contenders)
{
    size_t n = 0;
    while (*argv) {
        if (n == COMMANDS_MAX || strcmp(*argv, ":::") == 0)
            return 0;
        contenders[n++].argv = argv;
        while (*argv && strcmp(*argv, ":::") != 0)
            argv++;
        if (*argv)
            *argv++ = NULL;
    }
    return n;
}

static bool race(const struct options *o, struct contender *contenders, size_t n)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0)
        return false;
    char *prepare[] = {"/bin/sh", "-c", o->prepare, NULL};
    for (size_t round = 0; round < o->warm + o->rounds; round++)
        for (size_t i = 0; i < n; i++) {
            /* every round starts with another one: who follows whom must not matter */
            struct contender *c = &contenders[(i + round) % n];
            if (o->prepare && run_once(prepare, &actions) == 0)
                return false;
            uint64_t ns = run_once(c->argv, &actions);
            if (ns == 0)
                return false;
            if (round >= o->warm)
                c->samples[round - o->warm] = ns;
        }
    posix_spawn_file_actions_destroy(&actions);
    return true;
}

static int usage(void)
{
    fputs("usage: interleave [-n RUNS] [-w WARM] [-p COMMAND] [-r FILE] COMMAND [ARG...] [::: COMMAND [ARG...]]...\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct options o = {.rounds = 200, .warm = 10};
    for (int opt; (opt = getopt(argc, argv, "+n:w:p:r:")) != -1;) {
        if (opt == 'n')
            o.rounds = strtoul(optarg, NULL, 10);
        else if (opt == 'w')
            o.warm = strtoul(optarg, NULL, 10);
        else if (opt == 'p')
            o.prepare = optarg;
        else if (opt == 'r')
            o.raw = optarg;
        else
            return usage();
    }
    static struct contender contenders[COMMANDS_MAX];
    size_t n = split(argv + optind, contenders);
    if (n == 0 || o.rounds == 0 || o.rounds > ROUNDS_MAX || o.warm > ROUNDS_MAX)
        return usage();
    for (size_t i = 0; i < n; i++) {
        contenders[i].samples = calloc(o.rounds, sizeof *contenders[i].samples);
        if (!contenders[i].samples)
            return 1;
    }
    if (!race(&o, contenders, n))
        return 1;
    if (o.raw && !write_raw(o.raw, contenders, n, o.rounds)) {
        fprintf(stderr, "interleave: %s: cannot be written: %s\n", o.raw, strerror(errno));
        return 1;
    }
    for (size_t i = 0; i < n; i++)
        print_result(i, &contenders[i], o.rounds);
    for (size_t i = 0; i < n; i++)
        free(contenders[i].samples);
    return 0;
}
