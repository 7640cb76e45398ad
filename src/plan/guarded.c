/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/guarded.h"

#include <errno.h>
#include <stdlib.h>
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

const struct grant *guarded_socket(const struct policy *policy)
{
    for (size_t i = 0; i < policy->n_grants; i++)
        if (policy->grants[i].kind == GRANT_SOCKET)
            return &policy->grants[i];
    return NULL;
}

bool guarded_sockets(const struct policy *policy)
{
    return guarded_asked(policy) || (guarded_may(policy) && guarded_socket(policy));
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

/* Patterns that are collected, and for whom. */
struct collecting {
    struct resolver *resolver;
    struct plan *plan;
    const char *by; /* the name of the grant that is looked at, "": none has it */
    struct origin origin;
};

/* A pattern, which is taken. */
static int add_pattern(struct collecting *c, char *pattern)
{
    struct plan *plan = c->plan;
    struct origin *grown = reallocarray(plan->guarded_origins, plan->guarded.n + 1, sizeof(*grown));
    if (grown)
        plan->guarded_origins = grown;
    int r = grown ? strv_add(&plan->guarded_by, c->by) : -ENOMEM;
    if (r < 0) {
        free(pattern);
        return r;
    }
    grown[plan->guarded.n] = c->origin;
    return strv_take(&plan->guarded, pattern);
}

/* LITERAL, and behind it a pattern (or NULL), once. */
static int add(struct collecting *c, const char *literal, const char *pattern)
{
    _cleanup_buf_ struct buf text = { 0 };
    int r = name_pattern_escape(literal, &text);
    if (r >= 0 && pattern)
        r = buf_str(&text, pattern);
    if (r < 0 || !text.data)
        return r < 0 ? r : -EINVAL;
    return strv_has(&c->plan->guarded, text.data) ? 0 : add_pattern(c, buf_take(&text));
}

/* The same with literal as it is on this host: what symlinks above it lead to, too. */
static int add_resolved(struct collecting *c, const char *literal, const char *pattern)
{
    _cleanup_resolved_ struct resolved real = { 0 };
    int r = path_resolve(c->resolver, literal, &real);
    if (r < 0 && r != -ENOMEM)
        r = path_resolve_missing(c->resolver, literal, &real);
    if (r == -ENOMEM)
        return r;
    return r < 0 || !real.path || !literal || strcmp(real.path, literal) == 0 ? 0 : add(c, real.path, pattern);
}

/* Literal up to the directory before the first component that is none. */
static int add_glob(struct collecting *c, const struct grant *g, const char *rest)
{
    const char *first = strpbrk(rest, "*?[");
    while (first > g->path && *first != '/')
        first--;
    _cleanup_free_ char *literal = strndup(g->path, (size_t)(first - g->path));
    int r = literal ? add(c, literal, first) : -ENOMEM;
    return r < 0 ? r : *literal ? add_resolved(c, literal, first) : 0;
}

static int add_grant(struct collecting *c, const struct policy *policy, const struct grant *g)
{
    const char *rest = guarded_glob(policy, g);
    c->by = g->path;
    c->origin = g->origin;
    int r = add(c, g->path, NULL); /* a file may have the very name of the glob */
    if (r >= 0)
        r = rest ? add_glob(c, g, rest) : add_resolved(c, g->path, NULL);
    return r;
}

/* What is held by a mount, whatever name the grant has for it. */
static int add_entry(struct collecting *c, const struct policy *policy, const struct entry *e)
{
    c->by = "";
    c->origin = e->origin;
    bool line = e->origin.line && e->origin.line != ORIGIN_REASON;
    for (size_t i = 0; i < policy->n_grants && line && !*c->by; i++) {
        const struct grant *g = &policy->grants[i];
        if (g->kind == GRANT_PROTECT && g->origin.file == e->origin.file && g->origin.line == e->origin.line)
            c->by = g->path;
    }
    return add(c, e->path, NULL);
}

int guarded_patterns(struct resolver *resolver, const struct policy *policy, const struct entries *entries, struct plan *plan)
{
    struct collecting c = { .resolver = resolver, .plan = plan };
    int r = 0;
    for (size_t i = 0; i < policy->n_grants && r >= 0; i++)
        if (policy->grants[i].kind == GRANT_PROTECT)
            r = add_grant(&c, policy, &policy->grants[i]);
    for (size_t i = 0; i < entries->n && r >= 0; i++)
        if (entries->v[i].kind == ENTRY_PROTECT || entries->v[i].kind == ENTRY_GIT_CONFIG)
            r = add_entry(&c, policy, &entries->v[i]);
    return r;
}
