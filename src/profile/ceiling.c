/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/ceiling.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "profile/ceiling_bwrap.h"
#include "profile/net_ceiling.h"
#include "profile/types.h"

/* The next word of a list separated by spaces: moves *p behind it, 0 at the end. */
static size_t next_word(const char **p, const char **ret_word)
{
    *p += strspn(*p, " ");
    size_t len = strcspn(*p, " ");
    *ret_word = *p;
    *p += len;
    return len;
}

static bool list_has(const char *list, const char *name)
{
    const char *word;
    for (size_t len; (len = next_word(&list, &word)) > 0;)
        if (strncmp(word, name, len) == 0 && name[len] == '\0')
            return true;
    return false;
}

const struct setting *ceiling_fixes_profile(const struct merge *m, const char *name)
{
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *c = &m->ceilings.v[i];
        if (c->option == &options[OPTION_FIXED_PROFILES] && list_has(c->value, name))
            return c;
    }
    return NULL;
}

/* What would do where the command line is not made of our options. */
static const char *instead_of(const struct merge *m, const struct option *o)
{
    const char *text = m->instead[o - options];
    return text ? text : "this command line has no option for it: write a profile, and agentjail COMMAND";
}

int ceiling_widened(const struct merge *m, const struct setting *c, struct origin origin, const struct option *o,
                    const char *value, const char *fix)
{
    int r;
    if (m->instead)
        fix = instead_of(m, c->option);
    if (origin.line == ORIGIN_REASON)
        r = buf_printf(m->why, "%s: ", origin.file);
    else if (origin.line)
        r = buf_printf(m->why, "%s:%u: %s: ", origin.file, origin.line, o->key);
    else
        r = buf_printf(m->why, "--%s=%s: ", o->name, value);
    if (r >= 0)
        r = buf_printf(m->why, "%s goes beyond the ceiling in %s:%u (%s = %s); %s", value, c->origin.file,
                       c->origin.line, c->option->key, c->value, fix);
    return r < 0 ? r : -EPERM;
}

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
    bool small = o->type == &type_nested || o->type == &type_strict || o->type == &type_loopback;
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

const struct origin *ceiling_says_strict(const struct merge *m)
{
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *c = &m->ceilings.v[i];
        if (c->option == &options[OPTION_STRICT] && c->value && strcmp(c->value, "yes") == 0)
            return &c->origin;
    }
    return NULL;
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
    for (size_t len; (len = next_word(&list, &word)) > 0;) {
        bool optional = *word == '-';
        if (!first) {
            first = word;
            first_len = len;
        }
        word += optional;
        len -= optional;
        if (strncmp(word, value, len) == 0 && value[len] == '\0') {
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

/* --- grants --- */

/* The path as the kernel will see it: symlinks followed as far as it exists. */
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
        return grant == GRANT_READ || grant == GRANT_WRITE || grant == GRANT_EXEC || grant == GRANT_OVERLAY;
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

static int check_trees(struct merge *m, const struct setting *c)
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
        if (!hides && (g->kind == GRANT_READ || g->kind == GRANT_EXEC || g->kind == GRANT_SCRATCH))
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
                       equals ? "must have another value" : "must be set", instead_of(m, o));
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
    int r = bwrap_ceiling_parse(m, c, &word);
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
        return check_trees(m, c);
    case CEILING_OWN:
        return c->option == &options[OPTION_BWRAP] ? note_bwrap(m, c) : 0;
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
    for (size_t i = 0; i < m->ceilings.n; i++) {
        if (m->ceilings.v[i].option != &options[OPTION_REQUIRE])
            continue;
        int r = apply_require(m, &m->ceilings.v[i]);
        if (r < 0)
            return r;
    }
    return 0;
}
