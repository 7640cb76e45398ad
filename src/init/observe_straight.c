/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe_straight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

/* What /proc puts behind the path of a directory that has none any more. */
#define DELETED " (deleted)"

/* Where the path begins, with a slash behind it: its length, or -ELOOP where that cannot be said. */
static ssize_t start_of(const struct asker *a, int dirfd, char *ret_text, size_t size)
{
    char entry[48];
    if (dirfd == AT_FDCWD)
        snprintf(entry, sizeof(entry), "%u/cwd", a->call->pid);
    else if (dirfd >= 0)
        snprintf(entry, sizeof(entry), "%u/fd/%d", a->call->pid, dirfd);
    else
        return -ELOOP;
    ssize_t n = readlinkat(a->guard->proc, entry, ret_text, size), tail = (ssize_t)strlen(DELETED);
    if (n <= 0 || (size_t)n + 1 >= size || ret_text[0] != '/')
        return -ELOOP;
    if (n > tail && memcmp(ret_text + n - tail, DELETED, (size_t)tail) == 0)
        return -ELOOP;
    ret_text[n] = '/';
    return n + 1;
}

/* Components one behind the other, in place. */
static void tidy(char *text)
{
    char *to = text;
    for (const char *from = text + strspn(text, "/"); *from; from += strspn(from, "/")) {
        size_t n = strcspn(from, "/");
        if (n == 2 && memcmp(from, "..", 2) == 0) {
            while (to > text && *--to != '/')
                ;
        } else if (n != 1 || *from != '.') {
            *to++ = '/';
            memmove(to, from, n);
            to += n;
        }
        from += n;
    }
    if (to == text)
        *to++ = '/';
    *to = '\0';
}

int observe_straight(const struct asker *a, int dirfd, uint64_t path, char ret_text[static STRAIGHT_MAX])
{
    char asked[PATH_MAX];
    ssize_t start = 0, n = guard_asker_string(a, path, asked);
    if (n <= 0)
        return n < 0 ? (int)n : -ENOENT;
    if (asked[0] != '/' && (start = start_of(a, dirfd, ret_text, STRAIGHT_MAX - PATH_MAX)) < 0)
        return (int)start;
    memcpy(ret_text + start, asked, (size_t)n + 1);
    if (start + n >= PATH_MAX)
        return -ELOOP;
    const char *from_root = ret_text + strspn(ret_text, "/");
    _cleanup_close_ int fd = sys_openat2(a->guard->root, *from_root ? from_root : ".", O_PATH | O_CLOEXEC,
                                         RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (fd < 0)
        return fd;
    tidy(ret_text);
    return 0;
}
