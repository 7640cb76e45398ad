/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/ceiling_trees.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "profile/types.h"

int ceiling_follow(struct merge *m, const char *path, const char **ret)
{
    char real[PATH_MAX], head[PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof(head))
        return -ENAMETOOLONG;
    memcpy(head, path, len + 1);
    while (!realpath(head, real)) {
        char *slash = strrchr(head, '/');
        if (!slash || slash == head) {
            strcpy(real, "/");
            head[0] = '\0';
            break;
        }
        *slash = '\0';
    }
    const char *rest = path + strlen(head);
    *ret = strcmp(real, "/") == 0 ? arena_strdup(m->arena, *rest ? rest : "/")
                                  : arena_concat(m->arena, real, rest, NULL);
    return *ret ? 0 : -ENOMEM;
}

/* Is the grant of a kind that a ceiling of this kind bounds? */
static bool bounds(enum grant_kind ceiling, enum grant_kind grant)
{
    if (ceiling == GRANT_READ)
        return grant == GRANT_READ || grant == GRANT_WRITE || grant == GRANT_EXEC || grant == GRANT_OVERLAY ||
               grant == GRANT_SOCKET;
    return ceiling == grant;
}

/* Do trees of this kind count for a ceiling of that one? */
static bool counts(enum grant_kind tree, enum grant_kind ceiling)
{
    return tree == ceiling || (ceiling == GRANT_READ && (tree == GRANT_WRITE || tree == GRANT_EXEC));
}

static bool is_tree(const struct setting *c)
{
    return c->option->ceiling == CEILING_TREES;
}

/* Is path in one of the trees of kind that the file of c names? */
static int in_trees(struct merge *m, const struct setting *c, const char *path, bool *ret)
{
    enum grant_kind kind = (enum grant_kind)c->option->place.value;
    *ret = false;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *t = &m->ceilings.v[i];
        if (!is_tree(t) || t->origin.file != c->origin.file || !counts((enum grant_kind)t->option->place.value, kind))
            continue;
        if (setting_empties(t))
            continue; /* "read =": nothing there */
        char *tree;
        const char *real;
        bool optional;
        int r = merge_path(m, t, &tree, &optional);
        if (r == -ENXIO)
            continue;
        if (r < 0 || (r = ceiling_follow(m, tree, &real)) < 0)
            return r;
        if (path_within(path, real)) {
            *ret = true;
            return 0;
        }
    }
    return 0;
}

int ceiling_allows(struct merge *m, enum grant_kind kind, const char *path, bool *ret)
{
    *ret = true;
    for (size_t i = 0; i < m->ceilings.n && *ret; i++) {
        const struct setting *c = &m->ceilings.v[i];
        if (!is_tree(c) || c->option->place.value != kind)
            continue;
        int r = in_trees(m, c, path, ret);
        if (r < 0)
            return r;
    }
    return 0;
}

const struct option *ceiling_grant_option(enum grant_kind kind)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].type == &type_grant && options[i].place.value == kind)
            return &options[i];
    return NULL;
}

static int grant_widens(struct merge *m, size_t i, const struct setting *c)
{
    const struct grant *g = &m->policy->grants[i];
    const struct setting *s = m->grant_settings[i];
    int r;
    if (s)
        r = setting_place(s, m->why);
    else if (m->workspace)
        r = setting_place(m->workspace, m->why);
    else
        r = buf_str(m->why, "default workspace");
    if (r >= 0)
        r = buf_printf(m->why, ": %s: %s goes beyond the ceiling in %s:%u (%s = %s); %s", ceiling_grant_option(g->kind)->key,
                       g->path, c->origin.file, c->origin.line, c->option->key, c->value,
                       s ? "name a path that it allows" : "write --workspace=PATH that it allows, or --workspace=none");
    return r < 0 ? r : -EPERM;
}

/* Packaged and administrators' entries that no variable of the user's can turn elsewhere. */
static bool trusted_grant(const struct merge *m, size_t i)
{
    const struct setting *s = m->grant_settings[i];
    if (!s)
        return false; /* the workspace */
    if (s->layer == LAYER_CEILING)
        return true;
    return (s->layer == LAYER_PACKAGED || s->layer == LAYER_ADMINISTRATOR) && !strpbrk(s->value, "~$");
}

/* A directory below /dev has files in it as any other (/dev/shm). */
static bool is_device_tree(const struct grant *g)
{
    struct stat st;
    return g->kind == GRANT_DEVICE && path_within(g->path, "/dev") &&
           stat(g->path, &st) == 0 && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode);
}

int ceiling_check_trees(struct merge *m, const struct setting *c)
{
    enum grant_kind kind = (enum grant_kind)c->option->place.value;
    for (size_t i = 0; i < m->policy->n_grants; i++) {
        const struct grant *g = &m->policy->grants[i];
        bool bounded = bounds(kind, g->kind) || (bounds(kind, GRANT_WRITE) && is_device_tree(g));
        if (!bounded || trusted_grant(m, i))
            continue;
        const char *real;
        bool within;
        int r = ceiling_follow(m, g->path, &real);
        if (r < 0 || (r = in_trees(m, c, real, &within)) < 0)
            return r;
        if (!within)
            return grant_widens(m, i, c);
    }
    return 0;
}

/* Nothing that anybody else wrote may open what a ceiling hides, or write what it protects. */
static int check_added(struct merge *m, const struct setting *c, const char *path)
{
    bool hides = c->option == &options[OPTION_HIDE];
    const char *real_path;
    int r = ceiling_follow(m, path, &real_path);
    for (size_t i = 0; i < m->policy->n_grants && r == 0; i++) {
        const struct grant *g = &m->policy->grants[i];
        const struct setting *s = m->grant_settings[i];
        if ((s && s->layer == LAYER_CEILING) || g->kind == GRANT_HIDE || g->kind == GRANT_PROTECT ||
            (g->kind == GRANT_DEVICE && !is_device_tree(g)))
            continue;
        if (!hides && (g->kind == GRANT_READ || g->kind == GRANT_EXEC || g->kind == GRANT_SCRATCH ||
                       g->kind == GRANT_SOCKET))
            continue;
        const char *real;
        r = ceiling_follow(m, g->path, &real);
        if (r == 0 && (path_within(real, real_path) || path_within(g->path, path)))
            r = grant_widens(m, i, c);
    }
    return r;
}

int ceiling_add(struct merge *m, const struct setting *c)
{
    char *path;
    bool optional;
    if (setting_empties(c))
        return setting_fail(c, m->why, "no path; a ceiling's list cannot be emptied");
    int r = merge_path(m, c, &path, &optional);
    if (r == -ENXIO)
        return 0;
    if (r < 0 || (r = check_added(m, c, path)) < 0)
        return r;
    return c->option->type->set(m, c);
}
