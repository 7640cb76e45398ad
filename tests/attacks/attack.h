/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the attack programs share. Each program is a table of attacks; `PROGRAM NAME [ARG...]` tries one and says how it
 * went, in one line on standard output and in its exit status:
 *
 *   0   the attack worked
 *   1   it was stopped; the line names the call and the error
 *   2   the program was called wrongly, or something that is not under attack failed: a broken test
 *   77  this kernel lacks what is attacked (the error says so before any right is looked at)
 *
 * tests/system/run tries every attack outside a jail first: one that does not work there proves nothing inside. */
#ifndef AGENTJAIL_TESTS_ATTACK_H
#define AGENTJAIL_TESTS_ATTACK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKED = 0, STOPPED = 1, BROKEN = 2, LACKING = 77 };

struct attack {
    const char *name;
    int args; /* how many it needs */
    int (*run)(char **argv);
};

/* The attack did what it wanted. */
static inline int worked(void)
{
    puts("worked");
    return WORKED;
}

/* The call named did not succeed; errno says why. */
static inline int stopped(const char *call)
{
#ifdef __GLIBC__
    const char *name = strerrorname_np(errno);

    printf("%s: %s\n", call, name ? name : "unknown error");
#else
    printf("%s: errno %d\n", call, errno);
#endif
    return STOPPED;
}

/* As stopped(), for calls that answer ENOSYS and the like where the kernel was built without them. */
static inline int stopped_or_lacking(const char *call)
{
    int e = errno;

    stopped(call);
    switch (e) {
    case ENOSYS:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case EOPNOTSUPP:
    case ENODEV:
        return LACKING;
    default:
        return STOPPED;
    }
}

/* Something failed that is not under attack. */
static inline int broken(const char *what)
{
    fprintf(stderr, "broken test: %s: %s\n", what, strerror(errno));
    return BROKEN;
}

static inline int attack_main(const struct attack *table, int argc, char **argv)
{
    for (const struct attack *a = table; a->name; a++)
        if (argc > 1 && strcmp(a->name, argv[1]) == 0) {
            if (argc - 2 < a->args) {
                fprintf(stderr, "%s %s: needs %d arguments\n", argv[0], a->name, a->args);
                return BROKEN;
            }
            int r = a->run(argv + 2);

            return fflush(stdout) == 0 || r != WORKED ? r : BROKEN;
        }
    fprintf(stderr, "%s: no attack of that name; there are:", argv[0]);
    for (const struct attack *a = table; a->name; a++)
        fprintf(stderr, " %s", a->name);
    fputc('\n', stderr);
    return BROKEN;
}

#endif
