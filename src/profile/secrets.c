/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/secrets.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "profile/import.h"

struct search {
    const char *skip;
    size_t base;  /* bytes of path that belong to the tree's own name, which proves nothing */
    size_t *left;
    struct strv *found;
    char path[PATH_MAX];
};

static int look_in(struct search *s, int fd, size_t len, unsigned depth);

/* A name of the directory whose path has len bytes. */
static int look_at(struct search *s, int dir, size_t len, const struct dirent *e, unsigned depth)
{
    size_t n = strlen(e->d_name);
    if (len + 1 + n >= sizeof(s->path))
        return 0; /* no path that long can be asked for */
    s->path[len] = '/';
    memcpy(s->path + len + 1, e->d_name, n + 1);
    if (import_is_credential(s->path + s->base))
        return s->found->n >= SECRETS_FOUND_MAX ? -E2BIG : strv_add(s->found, s->path);
    if (depth <= 1 || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) || (s->skip && strcmp(s->path, s->skip) == 0))
        return 0;
    int fd = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? 0 : look_in(s, fd, len + 1 + n, depth - 1);
}

/* Takes fd over. */
static int look_in(struct search *s, int fd, size_t len, unsigned depth)
{
    _cleanup_closedir_ DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return -ENOMEM;
    }
    int r = 0;
    for (struct dirent *e; r == 0 && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (*s->left == 0)
            return -E2BIG;
        (*s->left)--;
        r = look_at(s, fd, len, e, depth);
        s->path[len] = '\0';
    }
    return r;
}

int secrets_find(const char *dir, const char *skip, unsigned depth, size_t *left, struct strv *found)
{
    struct search s = { .skip = skip, .left = left, .found = found };
    size_t len = strlen(dir);
    int fd = len < sizeof(s.path) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0; /* a file, or not for us */
    memcpy(s.path, dir, len + 1);
    s.base = len;
    return look_in(&s, fd, len, depth);
}
