/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/ceiling.h"

#include <string.h>

#include "base/path.h"
#include "profile/ceiling_trees.h"
#include "profile/ceiling_words.h"
#include "profile/net_ceiling.h"
#include "profile/run_rules.h"
#include "sys/selinux_context.h"
#include "profile/types.h"

/* True if a profile or the command line wrote it: not built in, nor narrowed by another ceiling. */
static bool written(const struct merge *m, struct origin origin)
{
    if (!origin.file)
        return false;
    for (size_t i = 0; i < m->ceilings.n; i++)
        if (m->ceilings.v[i].origin.file == origin.file)
            return false;
    return true;
}

static char *field(const struct merge *m, const struct option *o)
{
    return (char *)m->policy + o->place.value;
}

/* Words lie in the policy as enums or bools. */
static int word_value(const struct merge *m, const struct option *o)
{
    bool small = o->type == &type_nested || o->type == &type_strict || o->type == &type_loopback ||
                 o->type == &type_spawn;
    return small ? *(const bool *)field(m, o) : (int)*(const unsigned *)field(m, o);
}

static int apply_order(struct merge *m, const struct setting *c)
{
    const struct option *o = c->option;
    const struct word *top = word_by_name(o->type->words, c->value);
    if (!top) {
        _cleanup_buf_ struct buf list = { 0 };
        int r = words_list(o->type->words, &list);
        return r < 0 ? r : setting_fail(c, m->why, "\"%s\" is none of its values; write %s", c->value, list.data);
    }
    const struct word *now = word_by_value(o->type->words, word_value(m, o));
    if (now->width <= top->width)
        return 0;
    struct origin origin = option_origin(m->policy, o);
    if (written(m, origin))
        return ceiling_widened(m, c, origin, c->option, now->name, "write that or a narrower value");
    return o->type->set(m, c);
}

/* A ceiling's own "-" decides whether a host may lack what it names. */
static void require(const struct setting *c, bool *optional, struct requirement *required)
{
    *required = (struct requirement){ REQUIRED_BY_CEILING, *optional, c->origin };
    *optional = false;
}

static int apply_maximum(struct merge *m, const struct setting *c)
{
    const struct option *o = c->option;
    struct limit *limit = (struct limit *)field(m, o);
    const char *text = c->value + (c->value[0] == '-');
    uint64_t top;
    if (o->type->number(text, &top) < 0 || top == 0)
        return setting_fail(c, m->why, "\"%s\" cannot be its value; write %s", c->value, o->type->form);
    if (!limit->set || (limit->value > top && !written(m, limit->origin))) {
        int r = o->type->set(m, c);
        if (r >= 0 && c->value[0] != '-')
            require(c, &limit->optional, &limit->required);
        return r;
    }
    if (limit->value > top) {
        _cleanup_buf_ struct buf value = { 0 };
        int r = o->type->show(m->policy, o, &value);
        return r < 0 ? r : ceiling_widened(m, c, limit->origin, c->option, value.data, "write that or less");
    }
    if (c->value[0] != '-')
        require(c, &limit->optional, &limit->required);
    return 0;
}

/* A filter that a ceiling names is the machine's: a user's file of that name would be another one. */
static void leave_users_filters(struct merge *m)
{
    const char **dirs = m->policy->filter_dirs;
    const char *config = m->dirs.config;
    if (!config || !dirs[0] || !path_within(dirs[0], config))
        return;
    memmove(dirs, dirs + 1, sizeof(m->policy->filter_dirs) - sizeof(dirs[0]));
}

/* SELinux takes several spellings of one context: categories in any order, a range's second half that says the same. */
static bool same_context(const char *one, const char *other)
{
    _cleanup_free_ char *found = NULL, *other_found = NULL;
    return strchr(one, ':') && strchr(other, ':') && selinux_context_find(one, &found) >= 0 &&
           selinux_context_find(other, &other_found) >= 0 && strcmp(found, other_found) == 0;
}

static bool is_name(const struct option *o, const char *word, size_t len, const char *value)
{
    if (strncmp(word, value, len) == 0 && value[len] == '\0')
        return true;
    _cleanup_free_ char *name = o == &options[OPTION_LABEL] ? strndup(word, len) : NULL;
    return name && same_context(name, value);
}

static int apply_names(struct merge *m, const struct setting *c)
{
    const struct option *o = c->option;
    struct fence *fence = (struct fence *)field(m, o);
    const char *list = c->value, *word, *first = NULL;
    size_t first_len = 0;
    bool required = false;
    if (o == &options[OPTION_FILTER])
        leave_users_filters(m);
    const char *value = fence->value ? fence->value : o == &options[OPTION_LANDLOCK] ? "off"
                                                : o == &options[OPTION_GUARD]    ? "auto" : "";
    for (size_t len; (len = ceiling_next_word(&list, &word)) > 0;) {
        bool optional = *word == '-';
        if (!first) {
            first = word;
            first_len = len;
        }
        word += optional;
        len -= optional;
        if (is_name(o, word, len, value)) {
            if (!optional)
                require(c, &fence->optional, &fence->required);
            return 0;
        }
        required = true;
    }
    if (!required)
        return setting_fail(c, m->why, "no value; write the names that are allowed");
    if (fence->origin.file)
        return ceiling_widened(m, c, fence->origin, c->option, *value ? value : "nothing", "write one of these");
    struct setting s = *c;
    s.value = arena_strndup(m->arena, first, first_len);
    int r = s.value ? o->type->set(m, &s) : -ENOMEM;
    if (r >= 0 && !fence->optional)
        require(c, &fence->optional, &fence->required);
    return r;
}

/* --- [ceiling] --- */

static int apply_require(struct merge *m, const struct setting *c)
{
    const char *equals = strchr(c->value, '=');
    size_t len = equals ? (size_t)(equals - c->value) : strlen(c->value);
    const struct option *o = option_by_name(c->value, len);
    if (!o || !o->type->show)
        return setting_fail(c, m->why,
                            "\"%.*s\" is no option with a single value; write for instance memory or "
                            "network=none",
                            (int)len, c->value);
    _cleanup_buf_ struct buf value = { 0 };
    int r = o->type->show(m->policy, o, &value);
    if (r < 0)
        return r;
    const char *now = value.data ? value.data : "";
    struct origin origin = option_origin(m->policy, o);
    bool fits = equals ? strcmp(now + (now[0] == '-' && equals[1] != '-'), equals + 1) == 0
                       : origin.file && origin.line != ORIGIN_REASON;
    if (fits)
        return 0;
    if (m->instead) {
        r = buf_printf(m->why, "%s:%u: require: %s %s; %s", c->origin.file, c->origin.line, o->name,
                       equals ? "must have another value" : "must be set", ceiling_instead(m, o));
        return r < 0 ? r : -EPERM;
    }
    r = buf_printf(m->why, "%s:%u: require: %s %s; write --%s=%s", c->origin.file, c->origin.line, o->name,
                   equals ? "must have another value" : "must be set", o->name, equals ? equals + 1 : o->argument);
    return r < 0 ? r : -EPERM;
}

static int note_bwrap(struct merge *m, const struct setting *c)
{
    struct policy *p = m->policy;
    enum bwrap_ceiling word;
    int r = ceiling_bwrap_word(m, c, &word);
    if (r >= 0 && (!p->bwrap_origin.file || word > p->bwrap)) {
        p->bwrap = word;
        p->bwrap_origin = c->origin;
    }
    return r;
}

static int apply_one(struct merge *m, const struct setting *c)
{
    switch (c->option->ceiling) {
    case CEILING_ORDER:
        return apply_order(m, c);
    case CEILING_MAXIMUM:
        return apply_maximum(m, c);
    case CEILING_NAMES:
        return apply_names(m, c);
    case CEILING_ADDS:
        return c->option->type == &type_net_rule ? net_ceiling_apply(m, c) : ceiling_add(m, c);
    case CEILING_RULES:
    case CEILING_PORTS:
    case CEILING_UPSTREAM:
        return net_ceiling_apply(m, c);
    case CEILING_TREES:
        return ceiling_check_trees(m, c);
    case CEILING_OWN:
        return c->option == &options[OPTION_BWRAP] ? note_bwrap(m, c) : 0;
    case CEILING_RUN: /* all at once, below */
    case CEILING_REFUSED:
        break;
    }
    return 0;
}

int ceiling_apply(struct merge *m)
{
    m->policy->ceilings = m->ceilings.n > 0;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        int r = apply_one(m, &m->ceilings.v[i]);
        if (r < 0)
            return r;
    }
    int bounded = run_rules_bound(m);
    if (bounded < 0)
        return bounded;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        if (m->ceilings.v[i].option != &options[OPTION_REQUIRE])
            continue;
        int r = apply_require(m, &m->ceilings.v[i]);
        if (r < 0)
            return r;
    }
    return 0;
}
