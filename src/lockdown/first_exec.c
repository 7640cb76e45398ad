/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lockdown/first_exec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORDS_MAX = 1024 }; /* of a script without "#!" */

static int run(const char *path, char *const *argv, char *const *env, const uint64_t first[2])
{
    syscall(SYS_execve, path, argv, env, first[0], first[1], 0UL);
    return -errno;
}

/* A file that is no program is one for the shell, as execvp(3) has it. */
static int try(const char *path, const struct jail_start *start, const uint64_t first[2])
{
    const char *words[WORDS_MAX + 2] = { "/bin/sh", path };
    int r = run(path, start->argv, start->env, first);
    if (r != -ENOEXEC)
        return r;
    size_t n = 2;
    for (size_t i = 1; start->argv[0] && start->argv[i]; i++) {
        if (n == WORDS_MAX)
            return -E2BIG;
        words[n++] = start->argv[i];
    }
    words[n] = NULL;
    return run(words[0], (char *const *)(uintptr_t)words, start->env, first);
}

static const char *path_of(char *const *env)
{
    for (; *env; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    return "/bin:/usr/bin";
}

int first_exec(const struct jail_start *start, const uint64_t first[2])
{
    const char *name = start->path ? start->path : start->argv[0];
    char path[PATH_MAX];
    int result = -ENOENT;
    if (strchr(name, '/') || !*name)
        return *name ? try(name, start, first) : -ENOENT;
    for (const char *p = path_of(start->env); p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
        int len = (int)strcspn(p, ":");
        if (snprintf(path, sizeof(path), "%.*s%s%s", len, p, len ? "/" : "", name) >= (int)sizeof(path))
            continue;
        int r = try(path, start, first);
        if (r == -EACCES)
            result = r; /* unless a later one can be run */
        else if (r != -ENOENT && r != -ENOTDIR)
            return r;
    }
    return result;
}
