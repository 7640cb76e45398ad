/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/run_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "profile/ceiling_trees.h"
#include "profile/ceiling_words.h"
#include "profile/types.h"

static bool denies(const struct option *o)
{
    return o == &options[OPTION_EXEC_DENY];
}

static void empty(struct policy *p, bool deny)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_run_rules; i++)
        if (p->run_rules[i].deny != deny)
            p->run_rules[kept++] = p->run_rules[i];
    p->n_run_rules = kept;
}

static int add(struct merge *m, const struct run_rule *rule)
{
    struct policy *p = m->policy;
    struct run_rule *rules = reallocarray(p->run_rules, p->n_run_rules + 1, sizeof(*rules));
    if (!rules)
        return -ENOMEM;
    p->run_rules = rules;
    p->run_rules[p->n_run_rules++] = *rule;
    return 0;
}

#define DIGEST " sha256:"
enum { DIGEST_DIGITS = 64 };

/* Split "PATH sha256:HEX": path as a setting by itself, and the digest, both of the arena; NULL: there is none. */
static int take_digest(struct merge *m, const struct setting *s, struct setting *ret, const char **ret_digest)
{
    const char *last = s->value ? strrchr(s->value, ' ') : NULL;
    *ret = *s;
    *ret_digest = NULL;
    if (!last || strncmp(last, DIGEST, sizeof(DIGEST) - 1) != 0)
        return 0;
    const char *hex = last + sizeof(DIGEST) - 1;
    if (strlen(hex) != DIGEST_DIGITS || strspn(hex, "0123456789abcdefABCDEF") != DIGEST_DIGITS)
        return setting_fail(s, m->why, "a digest has %d hexadecimal digits, as sha256sum(1) prints them", DIGEST_DIGITS);
    if (denies(s->option))
        return setting_fail(s, m->why, "what is denied is so whatever is in it; leave sha256: out");
    while (last > s->value && last[-1] == ' ')
        last--;
    char *path = arena_strndup(m->arena, s->value, (size_t)(last - s->value)), *digest = arena_strdup(m->arena, hex);
    if (!path || !digest)
        return -ENOMEM;
    for (char *p = digest; *p; p++)
        *p = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
    ret->value = path;
    *ret_digest = digest;
    return 0;
}

static int set_run(struct merge *m, const struct setting *s)
{
    struct run_rule rule = { .deny = denies(s->option), .origin = s->origin };
    if (setting_empties(s)) {
        empty(m->policy, rule.deny);
        return 0;
    }
    struct setting path;
    int r = take_digest(m, s, &path, &rule.sha256);
    if (r >= 0)
        r = merge_path(m, &path, &rule.path, &rule.optional);
    if (r < 0)
        return r == -ENXIO ? 0 : r;
    return add(m, &rule);
}

const struct option_type type_run = { .set = set_run,
                                      .form = "an absolute path, - before it if it may be missing; sha256:HEX behind it if "
                                              "nothing else may be in it" };

/* --- ceilings --- */

static bool allows(const struct setting *c)
{
    return c && c->option == &options[OPTION_EXEC_ALLOW];
}

/* Does the file of c allow what lies at path (real)? */
static int file_allows(struct merge *m, const struct setting *c, const char *path, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < m->ceilings.n && !*ret; i++) {
        const struct setting *t = &m->ceilings.v[i];
        char *tree;
        const char *real;
        bool optional;
        if (!allows(t) || t->origin.file != c->origin.file)
            continue;
        int r = merge_path(m, t, &tree, &optional);
        if (r == -ENXIO)
            continue;
        if (r < 0 || (r = ceiling_follow(m, tree, &real)) < 0)
            return r;
        *ret = path_within(path, real);
    }
    return 0;
}

/* By every file that allows any. *ret_by: the first that does not; NULL: all do. */
static int all_allow(struct merge *m, const char *path, const struct setting **ret_by)
{
    const char *real;
    int r = ceiling_follow(m, path, &real);
    const struct setting *by = NULL;
    for (size_t i = 0; i < m->ceilings.n && r >= 0 && !by; i++) {
        bool allowed = true;
        if (allows(&m->ceilings.v[i]))
            r = file_allows(m, &m->ceilings.v[i], real, &allowed);
        if (r >= 0 && !allowed)
            by = &m->ceilings.v[i];
    }
    *ret_by = by;
    return r;
}

/* Nobody wrote a list: the ceilings' is it. */
static int take_list(struct merge *m)
{
    const struct setting *by = NULL, *last = NULL;
    bool any = false;
    int r = 0;
    for (size_t i = 0; i < m->ceilings.n && r >= 0; i++) {
        const struct setting *c = &m->ceilings.v[i];
        struct run_rule rule = { .origin = c->origin };
        if (!allows(c))
            continue;
        last = c;
        r = merge_path(m, c, &rule.path, &rule.optional);
        if (r == -ENXIO) {
            r = 0;
            continue;
        }
        if (r >= 0)
            r = all_allow(m, rule.path, &by);
        if (r >= 0 && !by) {
            r = add(m, &rule);
            any = true;
        }
    }
    if (r >= 0 && last && !any)
        r = setting_fail(last, m->why, "no program is allowed by all of the ceilings; nothing can be run");
    return r;
}

int run_rules_bound(struct merge *m)
{
    struct policy *p = m->policy;
    bool listed = false;
    int r = 0;
    if (!m->ceilings.v) /* there are none */
        return 0;
    for (size_t i = 0; i < m->ceilings.n && r >= 0; i++) {
        const struct setting *c = &m->ceilings.v[i];
        if (c->option->type != &type_run)
            continue;
        if (m->instead)
            return setting_fail(c, m->why, "bubblewrap's jails have no such list; write a profile, and agentjail COMMAND");
        if (setting_empties(c))
            return setting_fail(c, m->why, "no path; a ceiling's list cannot be emptied");
        if (strstr(c->value, DIGEST))
            return setting_fail(c, m->why, "a ceiling names no digests; write them into a profile");
        if (denies(c->option))
            r = set_run(m, c);
    }
    for (size_t i = 0; i < p->n_run_rules && r >= 0; i++) {
        const struct run_rule *rule = &p->run_rules[i];
        const struct setting *by;
        if (rule->deny)
            continue;
        listed = true;
        r = all_allow(m, rule->path, &by);
        if (r >= 0 && by)
            return ceiling_widened(m, by, rule->origin, &options[OPTION_EXEC_ALLOW], rule->path,
                                   "name a program that it allows");
    }
    return r < 0 || listed ? r : take_list(m);
}
