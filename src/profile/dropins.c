/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/dropins.h"

#include <stdlib.h>
#include <string.h>

#include "profile/file.h"
#include "profile/frame.h"

struct dropin {
    const char *name;
    size_t dir;
};

static int by_name_then_dir(const void *a, const void *b)
{
    const struct dropin *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->dir > y->dir) - (x->dir < y->dir);
}

/* Read one of NAME.d's files. */
static int read_dropin(struct load *l, int fd, const char *path, const struct dropin *d, bool fixed)
{
    struct merge *m = l->m;
    const struct profile_dir *dir = &l->dirs[d->dir];
    struct frame f = {
        .load = l, .kind = FILE_PART, .layer = dir->layer, .dir = d->dir, .fixed = fixed, .out = &m->settings
    };
    f.file = arena_concat(m->arena, path, "/", d->name);
    if (!f.file)
        return -ENOMEM;
    int r = frame_read(&f, fd, d->name, dir->trusted);
    if (r == -ENOENT)
        (void)buf_printf(m->why, "%s: cannot be read: it does not exist; remove the link", f.file);
    return r;
}

int dropins_read(struct load *l, const char *name, bool fixed)
{
    struct merge *m = l->m;
    struct strv names[N_PROFILE_DIRS] = { 0 };
    _cleanup_free_ struct dropin *all = NULL;
    const char *paths[N_PROFILE_DIRS] = { 0 };
    int fds[N_PROFILE_DIRS] = { -1, -1, -1 };
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < N_PROFILE_DIRS && r == 0; i++) {
        const struct profile_dir *d = &l->dirs[i];
        if (d->fd < 0 || (fixed && d->layer == LAYER_USER))
            continue;
        char below[80];
        snprintf(below, sizeof(below), "/%s.d", name);
        paths[i] = arena_concat(m->arena, d->path, below, NULL);
        r = paths[i] ? config_dir_open(m, paths[i], d->trusted, &fds[i]) : -ENOMEM;
        if (r == 0 && fds[i] >= 0)
            r = config_dir_list(m, fds[i], paths[i], &names[i], NULL);
        n += names[i].n;
    }
    if (r == 0 && n) {
        all = calloc(n, sizeof(*all));
        r = all ? 0 : -ENOMEM;
    }
    if (r == 0 && n) {
        size_t k = 0;
        for (size_t i = 0; i < N_PROFILE_DIRS; i++)
            for (size_t j = 0; j < names[i].n; j++)
                all[k++] = (struct dropin){ names[i].v[j], i };
        qsort(all, n, sizeof(*all), by_name_then_dir);
        for (k = 0; k < n && r == 0; k++)
            if (k == 0 || strcmp(all[k].name, all[k - 1].name) != 0)
                r = read_dropin(l, fds[all[k].dir], paths[all[k].dir], &all[k], fixed);
    }
    for (size_t i = 0; i < N_PROFILE_DIRS; i++) {
        cleanup_close(&fds[i]);
        strv_free(&names[i]);
    }
    return r;
}
