/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/guarded.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/name_pattern.h"
#include "base/path.h"

bool guarded_may(const struct policy *policy)
{
    return !policy->nested && !(policy->guard.value && strcmp(policy->guard.value, "off") == 0);
}

bool guarded_asked(const struct policy *policy)
{
    return guarded_may(policy) && policy->guard.value;
}

/* The workspace is a real path, whatever characters are in it. */
static const char *behind_workspace(const struct policy *policy, const struct grant *g)
{
    const char *workspace = policy->workspace;
    return workspace && path_within(g->path, workspace) ? g->path + strlen(workspace) : g->path;
}

const char *guarded_glob(const struct policy *policy, const struct grant *g)
{
    const char *rest = behind_workspace(policy, g);
    return g->kind == GRANT_PROTECT && name_pattern_is_glob(rest) ? rest : NULL;
}

bool guarded_holds(const struct policy *policy, const struct grant *g)
{
    struct stat st;
    if (g->kind != GRANT_PROTECT || !g->path || !guarded_may(policy))
        return false;
    return guarded_glob(policy, g) || ((!g->optional || guarded_asked(policy)) && lstat(g->path, &st) < 0);
}

/* LITERAL, and behind it a pattern (or NULL), once. */
static int add(struct strv *list, const char *literal, const char *pattern)
{
    _cleanup_buf_ struct buf text = { 0 };
    int r = name_pattern_escape(literal, &text);
    if (r >= 0 && pattern)
        r = buf_str(&text, pattern);
    if (r < 0 || !text.data)
        return r < 0 ? r : -EINVAL;
    return strv_has(list, text.data) ? 0 : strv_take(list, buf_take(&text));
}

/* The same with literal as it is on this host: what symlinks above it lead to, too. */
static int add_resolved(struct resolver *resolver, struct strv *list, const char *literal, const char *pattern)
{
    _cleanup_resolved_ struct resolved real = { 0 };
    int r = path_resolve(resolver, literal, &real);
    if (r < 0 && r != -ENOMEM)
        r = path_resolve_missing(resolver, literal, &real);
    if (r == -ENOMEM)
        return r;
    return r < 0 || !real.path || !literal || strcmp(real.path, literal) == 0 ? 0 : add(list, real.path, pattern);
}

/* Literal up to the directory before the first component that is none. */
static int add_glob(struct resolver *resolver, struct strv *list, const struct grant *g, const char *rest)
{
    const char *first = strpbrk(rest, "*?[");
    while (first > g->path && *first != '/')
        first--;
    _cleanup_free_ char *literal = strndup(g->path, (size_t)(first - g->path));
    int r = literal ? add(list, literal, first) : -ENOMEM;
    return r < 0 ? r : *literal ? add_resolved(resolver, list, literal, first) : 0;
}

static int add_grant(struct resolver *resolver, struct strv *list, const struct policy *policy, const struct grant *g)
{
    const char *rest = guarded_glob(policy, g);
    int r = add(list, g->path, NULL); /* a file may have the very name of the glob */
    if (r >= 0)
        r = rest ? add_glob(resolver, list, g, rest) : add_resolved(resolver, list, g->path, NULL);
    return r;
}

int guarded_patterns(struct resolver *resolver, const struct policy *policy, const struct entries *entries,
                     struct strv *ret_patterns)
{
    int r = 0;
    for (size_t i = 0; i < policy->n_grants && r >= 0; i++)
        if (policy->grants[i].kind == GRANT_PROTECT)
            r = add_grant(resolver, ret_patterns, policy, &policy->grants[i]);
    for (size_t i = 0; i < entries->n && r >= 0; i++)
        if (entries->v[i].kind == ENTRY_PROTECT || entries->v[i].kind == ENTRY_GIT_CONFIG)
            r = add(ret_patterns, entries->v[i].path, NULL);
    return r;
}
