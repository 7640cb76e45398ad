/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/interpreter.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/import.h"
#include "profile/path.h"

enum { SCRIPTS_MAX = 4 }; /* interpreters inside one another that the kernel goes along (execve(2)) */

int interpreter_head(const char *path, struct program_head *ret_head)
{
    char data[PROGRAM_HEAD_BYTES];
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -ENOENT;
    ssize_t n = pread(fd, data, sizeof(data), 0);
    if (n < 0)
        return -errno;
    program_head_parse(data, (size_t)n, ret_head);
    return 0;
}

/* Is the directory of path one of PATH's? */
static bool lies_on_path(const struct merge *m, const char *path)
{
    const char *dirs = env_get(m->host->env, "PATH"), *slash = strrchr(path, '/');
    char dir[PATH_MAX], real[PATH_MAX];
    size_t len = slash ? (size_t)(slash - path) : 0;
    for (const char *end; len && dirs && *dirs; dirs = *end ? end + 1 : end) {
        end = strchrnul(dirs, ':');
        if (dirs[0] != '/' || (size_t)(end - dirs) >= sizeof(dir))
            continue;
        snprintf(dir, sizeof(dir), "%.*s", (int)(end - dirs), dirs);
        if ((strlen(dir) == len && strncmp(dir, path, len) == 0) ||
            (realpath(dir, real) && strlen(real) == len && strncmp(real, path, len) == 0))
            return true;
    }
    return false;
}

/* Do the "#!" lines from this one on lead to an ELF file? */
static bool ends_in_program(struct program_head head)
{
    for (unsigned i = 0; head.kind == PROGRAM_SCRIPT && i < SCRIPTS_MAX; i++) {
        char next[PROGRAM_HEAD_TEXT];
        snprintf(next, sizeof(next), "%s", head.interpreter);
        if (next[0] != '/' || access(next, X_OK) < 0 || interpreter_head(next, &head) < 0)
            return false;
    }
    return head.kind == PROGRAM_ELF;
}

const char *interpreter_unfit(const struct merge *m, const char *path, const char *real)
{
    struct program_head head = { 0 };
    struct stat st;
    if (stat(real, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111) || access(real, X_OK) < 0)
        return "it is no file that may be run";
    if (interpreter_head(real, &head) < 0)
        return "it cannot be read, to see whether it is a program";
    if (head.kind == PROGRAM_ELF)
        return NULL;
    if (head.kind != PROGRAM_SCRIPT || !ends_in_program(head))
        return "it is no program: neither an ELF file nor a script that leads to one";
    if (import_is_credential(path_basename(path)) || import_is_credential(path_basename(real)))
        return "it is a script with a name as credentials have";
    if (lies_on_path(m, path) || lies_on_path(m, real))
        return NULL;
    return "it is a script that lies in no directory of PATH";
}
