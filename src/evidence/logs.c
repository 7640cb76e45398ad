/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool is_log(const char *name)
{
    size_t len = strlen(name), suffix = strlen(LOGS_SUFFIX);
    return name[0] != '.' && len > suffix && strcmp(name + len - suffix, LOGS_SUFFIX) == 0;
}

bool logs_part_name(char ret[static LOGS_NAME_MAX], const char *stem, unsigned part)
{
    int n = part > 1 ? snprintf(ret, LOGS_NAME_MAX, "%s.%u" LOGS_SUFFIX, stem, part)
                     : snprintf(ret, LOGS_NAME_MAX, "%s" LOGS_SUFFIX, stem);
    return n < LOGS_NAME_MAX;
}

/* The digits behind the last dot, a number from 2 as we write it; else 1. */
static unsigned number_of(const char *dot, const char *end)
{
    unsigned n = 0;
    if (dot + 1 == end || dot[1] == '0' || end - dot > 9 || strspn(dot + 1, "0123456789") != (size_t)(end - dot - 1))
        return 1;
    for (const char *p = dot + 1; p < end; p++)
        n = n * 10 + (unsigned)(*p - '0');
    return n;
}

unsigned logs_part(const char *name, char ret_stem[static LOGS_NAME_MAX])
{
    size_t len = strlen(name);
    if (len >= LOGS_NAME_MAX || !is_log(name))
        return 0;
    len -= strlen(LOGS_SUFFIX);
    memcpy(ret_stem, name, len);
    ret_stem[len] = '\0';
    const char *dash = strrchr(ret_stem, '-');
    char *dot = dash ? strrchr(dash, '.') : NULL;
    unsigned part = dot ? number_of(dot, ret_stem + len) : 1;
    if (dot && part > 1)
        *dot = '\0';
    return part;
}

static int by_name(const void *a, const void *b)
{
    char stems[2][LOGS_NAME_MAX];
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    unsigned p = logs_part(x, stems[0]), q = logs_part(y, stems[1]);
    int r = p && q ? strcmp(stems[0], stems[1]) : strcmp(x, y);
    return r || !p || !q ? r : p < q ? -1 : p > q;
}

static bool same_log(const char *a, const char *b)
{
    char stems[2][LOGS_NAME_MAX];
    return logs_part(a, stems[0]) && logs_part(b, stems[1]) && strcmp(stems[0], stems[1]) == 0;
}

/* The first name of the log that names->v[i] is of. */
static size_t first_of(const struct strv *names, size_t i)
{
    while (i > 0 && same_log(names->v[i - 1], names->v[i]))
        i--;
    return i;
}

int logs_list(int dir, struct strv *ret)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        int r = -errno;
        cleanup_close(&fd);
        return r;
    }
    for (struct dirent *e; (e = readdir(d));) {
        int r = is_log(e->d_name) ? strv_add(ret, e->d_name) : 0;
        if (r < 0)
            return r;
    }
    if (ret->n)
        qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
    return 0;
}

void logs_id(const char *name, char *text, size_t size)
{
    const char *slash = strrchr(name, '/');
    const char *dash = strrchr(slash ? slash : name, '-');
    size_t len = dash ? strcspn(dash + 1, ".") : 0;
    snprintf(text, size, "%.*s", (int)(len < 64 ? len : 0), dash ? dash + 1 : "");
}

int logs_find(const struct strv *names, const char *id, const char **ret_name)
{
    const char *found = NULL;
    if (!id) {
        if (names->n)
            *ret_name = names->v[first_of(names, names->n - 1)];
        return names->n ? 0 : -ENOENT;
    }
    for (size_t i = 0; i < names->n; i++) {
        char own[64];
        logs_id(names->v[i], own, sizeof(own));
        if (strncmp(own, id, strlen(id)) != 0 || (found && same_log(found, names->v[i])))
            continue;
        bool whole = strcmp(own, id) == 0;
        if (found && !whole)
            return -EEXIST;
        found = names->v[i];
        if (whole)
            break;
    }
    if (!found)
        return -ENOENT;
    *ret_name = found;
    return 0;
}

/* Take the lock that a part's monitor holds: a descriptor, or -1 where it cannot be had. */
static int take_part(int dir, const char *name)
{
    _cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -1 : TAKE_FD(fd);
}

static bool is_there(int dir, const char *stem, unsigned part)
{
    char name[LOGS_NAME_MAX];
    struct stat st;
    return !logs_part_name(name, stem, part) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The last part of a log, locked, if no monitor writes to the log any more; else -1. A monitor makes the next part, locks it,
 * and only then lets go of this one: so the one before the last is looked at, too, which is held while the last is not yet,
 * and one behind it, which is there before the last is free. */
static int take_ended(int dir, const struct strv *names, size_t from, size_t end)
{
    char stem[LOGS_NAME_MAX];
    _cleanup_close_ int fd = take_part(dir, names->v[end - 1]);
    unsigned part = logs_part(names->v[end - 1], stem);
    if (fd < 0 || !part || is_there(dir, stem, part + 1))
        return -1;
    _cleanup_close_ int before = end - from > 1 ? take_part(dir, names->v[end - 2]) : -1;
    return end - from > 1 && before < 0 ? -1 : TAKE_FD(fd);
}

/* The parts from to end of one log. */
struct parts {
    size_t from, end;
    uint64_t bytes;
    time_t changed; /* the last of them */
};

static struct parts parts_from(int dir, const struct strv *names, size_t from)
{
    struct parts p = { .from = from, .end = from };
    struct stat st;
    do {
        if (fstatat(dir, names->v[p.end], &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        p.bytes += (uint64_t)st.st_size;
        p.changed = st.st_mtim.tv_sec;
    } while (++p.end < names->n && same_log(names->v[p.end - 1], names->v[p.end]));
    return p;
}

void logs_sweep(int dir, uint64_t keep_ms, uint64_t max_bytes, const char *own)
{
    _cleanup_strv_ struct strv names = { 0 };
    char stem[LOGS_NAME_MAX];
    struct timespec now;
    struct parts p;
    uint64_t total = 0;
    if (logs_list(dir, &names) < 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < names.n; i = p.end) {
        p = parts_from(dir, &names, i);
        total += p.bytes;
    }
    for (size_t i = 0; i < names.n; i = p.end) { /* the oldest first */
        p = parts_from(dir, &names, i);
        bool old = (uint64_t)(now.tv_sec - p.changed) * 1000 > keep_ms && now.tv_sec > p.changed;
        bool ours = logs_part(names.v[i], stem) && strcmp(stem, own) == 0;
        if (ours || (!old && total <= max_bytes))
            continue;
        _cleanup_close_ int held = take_ended(dir, &names, p.from, p.end);
        if (held < 0)
            continue;
        for (size_t k = p.from; k < p.end; k++)
            unlinkat(dir, names.v[k], 0);
        total -= p.bytes;
    }
}

bool logs_is_open(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        return errno == EWOULDBLOCK;
    flock(fd, LOCK_UN);
    return false;
}
