/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/learned.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "learn/trees.h"
#include "profile/access.h"
#include "profile/import.h"
#include "profile/learn.h"
#include "profile/path.h"
#include "profile/secrets.h"

/* As deep as a granted tree is looked through for what is not to be in it. */
enum { SECRETS_DEPTH = 8 };

struct folding {
    struct learning *l;
    struct learned *ret;
    const char *home;    /* NULL: none of the user's */
    struct strv written; /* a program's own directories in the home that it has written in */
};

/* --- what covers a path already --- */

/* The entry that lets it be run; NULL: none. */
static const struct grant *run_grant(const struct policy *p, const char *path)
{
    const struct grant *best = NULL;
    for (size_t i = 0; i < p->n_grants; i++) {
        const struct grant *g = &p->grants[i];
        if (g->kind == GRANT_EXEC && path_within(path, g->path) && (!best || strlen(g->path) >= strlen(best->path)))
            best = g;
    }
    return best;
}

/* Is it a file that comes with agentjail, or the user's in its place: NAME of .../include/NAME.ini; else NULL. */
static char *include_name(const char *file)
{
    const char *base = path_basename(file);
    size_t len = strlen(base), dir = (size_t)(base - file);
    static const char in[] = "/include/", ending[] = ".ini";
    bool is = dir >= strlen(in) && strncmp(base - strlen(in), in, strlen(in)) == 0 && len > strlen(ending) &&
              strcmp(base + len - strlen(ending), ending) == 0;
    return is ? strndup(base, len - strlen(ending)) : NULL;
}

/* Does the entry come out of an include, which is noted? *ret: then, or if it holds for the command wherever it lies. */
static int from_include(struct folding *f, const struct grant *g, bool *ret)
{
    static const char *const always[] = { "system", "network", "programs", "protect", "env" };
    *ret = false;
    if (!g || !g->origin.file || g->origin.file == learn_origin)
        return 0;
    if (g->origin.line == ORIGIN_REASON) { /* the command's own closure */
        *ret = true;
        return 0;
    }
    _cleanup_free_ char *name = include_name(g->origin.file);
    if (!name)
        return 0;
    *ret = true;
    for (size_t i = 0; i < ELEMENTSOF(always); i++)
        if (strcmp(always[i], name) == 0)
            return 0;
    return strv_has(&f->ret->includes, name) ? 0 : strv_add(&f->ret->includes, name);
}

static int is_covered(struct folding *f, const char *path, bool run, bool *ret)
{
    const struct learning *l = f->l;
    if (l->has_known) {
        struct access a = policy_access(&l->known, path);
        *ret = a.visible && (!run || a.exec);
        if (*ret)
            return 0;
    }
    int r = from_include(f, policy_access(l->policy, path).grant, ret);
    if (r >= 0 && *ret && run)
        r = from_include(f, run_grant(l->policy, path), ret);
    return r;
}

/* --- what is closed --- */

/* It was not shown while learning: what to name for it, else NULL. */
static const char *closed_by(const struct folding *f, const char *path)
{
    const struct policy *p = f->l->policy;
    const struct grant *g = policy_access(p, path).grant;
    for (size_t i = 0; i < p->own_paths.n; i++)
        if (path_within(path, p->own_paths.v[i]))
            return p->own_paths.v[i];
    return g && g->kind == GRANT_HIDE ? path : NULL;
}

/* It goes by the names below the home, or all of them: deep down such a file was shown, but is not granted for that. */
static bool is_secret(const struct folding *f, const char *path)
{
    return import_is_credential(f->home && path_within(path, f->home) ? path + strlen(f->home) : path);
}

static int add_once(struct strv *list, const char *path)
{
    return strv_has(list, path) ? 0 : strv_add(list, path);
}

/* --- one path --- */

static int note_written(struct folding *f, const struct need *n)
{
    if (!f->home || !path_within(n->path, f->home) || strcmp(n->path, f->home) == 0)
        return 0;
    if (!(n->how & NEED_WRITE) || closed_by(f, n->path) || is_secret(f, n->path))
        return 0;
    f->ret->persistent = true;
    _cleanup_free_ char *own = strndup(n->path, trees_own(n->path, f->home));
    return own ? add_once(&f->written, own) : -ENOMEM;
}

static bool is_written(const struct folding *f, const char *path)
{
    for (size_t i = 0; i < f->written.n; i++)
        if (path_within(path, f->written.v[i]))
            return true;
    return false;
}

/* Below the home: the host's, to be read; or the profile's own, which takes settings over. */
static int fold_own(struct folding *f, const struct need *n, const struct stat *st)
{
    struct learned *ret = f->ret;
    _cleanup_buf_ struct buf cache = { 0 };
    if (n->how & NEED_EXEC)
        ret->exec_home = true;
    if (n->how & NEED_EXEC || !S_ISREG(st->st_mode) || !(n->how & NEED_READ))
        return 0;
    if (buf_printf(&cache, "%s/.cache", f->home) < 0)
        return -ENOMEM;
    return path_within(n->path, cache.data) ? 0 : strv_add(&ret->imports, n->path);
}

static bool is_gits(const struct folding *f, const char *path)
{
    const char *below = f->home && path_within(path, f->home) ? path + strlen(f->home) : "";
    return f->l->git && (strcmp(below, "/.gitconfig") == 0 || path_within(below, "/.config/git"));
}

static int fold_need(struct folding *f, const struct need *n)
{
    struct learned *ret = f->ret;
    bool at_home = f->home && path_within(n->path, f->home), covered;
    const char *closed = closed_by(f, n->path);
    struct stat st;
    if (closed) /* of what is nowhere nothing was kept from it */
        return lstat(closed, &st) < 0 ? 0 : add_once(&ret->closed, closed);
    if (!at_home && n->how & (NEED_WRITE | NEED_REFUSED))
        return strv_add(&ret->refused, n->path);
    if (!(n->how & (NEED_READ | NEED_LIST | NEED_EXEC)) || is_gits(f, n->path))
        return 0;
    if (!n->path || lstat(n->path, &st) < 0) { /* it has made it itself, in what was a copy of the home */
        ret->exec_home = ret->exec_home || (at_home && n->how & NEED_EXEC);
        return 0;
    }
    int r = is_covered(f, n->path, n->how & NEED_EXEC, &covered);
    if (r < 0 || covered)
        return r;
    if (is_secret(f, n->path))
        return add_once(&ret->closed, n->path);
    if (at_home && is_written(f, n->path))
        return fold_own(f, n, &st);
    if (S_ISDIR(st.st_mode) && trees_is_broad(n->path, f->home))
        return 0; /* it was listed only: what it holds has nothing to do with that */
    bool dir = S_ISDIR(st.st_mode) || n->how & NEED_EXEC;
    _cleanup_free_ char *tree = strndup(n->path, trees_lasting(n->path, f->home, dir));
    if (!tree)
        return -ENOMEM;
    return strv_add(n->how & NEED_EXEC ? &ret->runs : &ret->reads, tree);
}

/* --- all together --- */

/* All that lies in the tree. */
static void take_out(struct strv *list, const char *tree)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (path_within(list->v[i], tree))
            free(list->v[i]);
        else
            list->v[n++] = list->v[i];
    }
    list->n = n;
    if (list->v)
        list->v[n] = NULL;
}

/* Of what is granted nothing that is known to be secret; a tree that is too large to be looked through is not granted. */
static int add_hides(struct folding *f)
{
    const struct policy *p = f->l->policy;
    struct learned *ret = f->ret;
    size_t names = SECRETS_NAMES_MAX;
    for (size_t i = 0; i < ret->reads.n;) {
        _cleanup_free_ char *tree = strdup(ret->reads.v[i]);
        if (!tree)
            return -ENOMEM;
        int r = secrets_find(tree, NULL, SECRETS_DEPTH, &names, &ret->hides);
        if (r == -E2BIG) {
            r = add_once(&ret->closed, tree);
            take_out(&ret->runs, tree);
            take_out(&ret->reads, tree);
        } else {
            for (size_t k = 0; k < p->n_grants && r >= 0; k++)
                if (p->grants[k].kind == GRANT_HIDE && path_within(p->grants[k].path, tree))
                    r = add_once(&ret->hides, p->grants[k].path);
            i++;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int fold(struct folding *f)
{
    struct learned *ret = f->ret;
    const struct needs *needs = &f->l->needs;
    int r = 0;
    for (size_t i = 0; i < needs->n && r >= 0; i++)
        r = note_written(f, &needs->v[i]);
    for (size_t i = 0; i < needs->n && r >= 0; i++)
        r = fold_need(f, &needs->v[i]);
    if (r < 0)
        return r;
    trees_join(&ret->runs, f->home);
    for (size_t i = 0; i < ret->runs.n && r >= 0; i++)
        r = strv_add(&ret->reads, ret->runs.v[i]);
    trees_join(&ret->reads, f->home);
    trees_join(&ret->imports, f->home);
    trees_join(&ret->refused, f->home);
    trees_join(&ret->closed, f->home);
    if (r >= 0)
        r = add_hides(f);
    if (r >= 0)
        trees_join(&ret->hides, NULL);
    return r;
}

static int add_hosts(const struct learning *l, struct learned *ret)
{
    int r = 0;
    for (size_t i = 0; i < l->hosts.n && r >= 0; i++) {
        bool known = false;
        for (size_t k = 0; l->has_known && k < l->known.n_net_allow && !known; k++)
            known = strcmp(l->known.net_allow[k].text, l->hosts.v[i]) == 0;
        if (!known)
            r = strv_add(&ret->hosts, l->hosts.v[i]);
    }
    for (size_t i = 0; i < l->denied_hosts.n && r >= 0; i++)
        r = strv_add(&ret->denied_hosts, l->denied_hosts.v[i]);
    return r;
}

int learned_from(struct learning *l, struct learned *ret)
{
    const struct policy *known = l->has_known ? &l->known : NULL;
    struct folding f = { .l = l, .ret = ret, .home = ret->home && ret->home[1] ? ret->home : NULL };
    ret->exec_workspace = l->exec_workspace;
    ret->exec_tmp = l->exec_tmp;
    ret->git = l->git && !(known && known->git == GIT_IDENTITY);
    ret->network = l->network && !(known && known->network != NETWORK_NONE);
    int r = fold(&f);
    ret->persistent = ret->persistent && !(known && known->home == HOME_PERSISTENT);
    strv_free(&f.written);
    if (r >= 0 && l->needs.more && !ret->end)
        ret->end = "it used more files than are kept";
    return r < 0 ? r : add_hosts(l, ret);
}

void learned_free(struct learned *learned)
{
    struct strv *lists[] = { &learned->includes, &learned->reads,  &learned->runs,    &learned->imports,     &learned->hides,
                             &learned->hosts,    &learned->closed, &learned->refused, &learned->denied_hosts };
    for (size_t i = 0; i < ELEMENTSOF(lists); i++)
        strv_free(lists[i]);
}
