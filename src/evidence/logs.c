/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/logs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

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

bool logs_is_open(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        return errno == EWOULDBLOCK;
    flock(fd, LOCK_UN);
    return false;
}
