/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/logs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "evidence/evidence.h"

static bool is_log(const char *name)
{
    size_t len = strlen(name), suffix = strlen(EVIDENCE_SUFFIX);
    return name[0] != '.' && len > suffix && strcmp(name + len - suffix, EVIDENCE_SUFFIX) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
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
            *ret_name = names->v[names->n - 1];
        return names->n ? 0 : -ENOENT;
    }
    for (size_t i = 0; i < names->n; i++) {
        char own[64];
        logs_id(names->v[i], own, sizeof(own));
        if (strncmp(own, id, strlen(id)) != 0)
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

static bool is_open_by_name(int dir, const char *name)
{
    _cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 || logs_is_open(fd);
}

void logs_sweep(int dir, uint64_t keep_ms, uint64_t max_bytes, const char *own)
{
    _cleanup_strv_ struct strv names = { 0 };
    struct timespec now;
    struct stat st;
    uint64_t total = 0;
    if (logs_list(dir, &names) < 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < names.n; i++)
        if (fstatat(dir, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
            total += (uint64_t)st.st_size;
    for (size_t i = 0; i < names.n; i++) { /* the oldest first */
        if (strcmp(names.v[i], own) == 0 || fstatat(dir, names.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        bool old = (uint64_t)(now.tv_sec - st.st_mtim.tv_sec) * 1000 > keep_ms && now.tv_sec > st.st_mtim.tv_sec;
        if ((!old && total <= max_bytes) || is_open_by_name(dir, names.v[i]))
            continue;
        if (unlinkat(dir, names.v[i], 0) == 0)
            total -= (uint64_t)st.st_size;
    }
}

bool logs_is_open(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        return errno == EWOULDBLOCK;
    flock(fd, LOCK_UN);
    return false;
}
