/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/ceiling.h"
#include "profile/ceiling_bwrap.h"
#include "profile/ceiling_files.h"
#include "profile/ceiling_trees.h"
#include "profile/ceiling_words.h"
#include "profile/load.h"
#include "profile/option.h"
#include "profile/origin.h"
#include "profile/places.h"
#include "profile/workspace.h"

struct bwrap_ceilings {
    struct policy policy;
    struct policy_host host;
    struct merge m;
    struct load load;
    enum bwrap_ceiling word;
    struct origin origin; /* of the word, if it is written */
    struct strv exec;
};

/* What to write on bubblewrap's command line. */
static const char *const instead[N_OPTIONS] = {
    [OPTION_NETWORK] = "write --unshare-net, no --share-net behind it, and pass on no socket of the host's",
    [OPTION_NET_ALLOW] = "write --unshare-net, no --share-net behind it, and pass on no socket of the host's",
    [OPTION_NESTED] = "write --unshare-user --disable-userns",
    [OPTION_TERMINAL] = "write --new-session, no --dev-bind, and let no descriptor be a terminal",
    [OPTION_LABEL] = "write --exec-label with one of these",
};

bool ceiling_files(void)
{
    _cleanup_closedir_ DIR *dir = opendir(SYSCONFDIR "/agentjail/policy.d");
    if (!dir)
        return errno != ENOENT;
    const struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(dir);
    } while (entry && entry->d_name[0] == '.');
    return entry || errno;
}

/* The narrowest word that is written, and where. 0 or -errno with a message. */
static int find_word(struct bwrap_ceilings *c)
{
    const struct merge *m = &c->m;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *s = &m->ceilings.v[i];
        enum bwrap_ceiling word = BWRAP_FREE;
        int r = s->option == &options[OPTION_BWRAP] ? ceiling_bwrap_word(m, s, &word) : 0;
        if (r < 0)
            return r;
        if (s->option != &options[OPTION_BWRAP] || (c->origin.file && word <= c->word))
            continue;
        c->word = word;
        c->origin = s->origin;
    }
    return 0;
}

static int read_ceilings(const struct policy_host *host, struct bwrap_ceilings **ret_ceilings, struct buf *why)
{
    struct bwrap_ceilings *c = calloc(1, sizeof(*c));
    struct arena *arena = c ? arena_new() : NULL;
    if (!arena) {
        free(c);
        return -ENOMEM;
    }
    c->m = (struct merge){ .policy = &c->policy, .arena = arena, .host = host ? host : &c->host, .instead = instead,
                           .why = why };
    c->load = LOAD_EMPTY;
    c->load.m = &c->m;
    int r = host ? 0 : host_load(&c->host);
    if (r >= 0)
        r = load_ceilings(&c->load);
    if (r >= 0)
        r = find_word(c);
    if (r < 0)
        bwrap_ceilings_close(c);
    else
        *ret_ceilings = c;
    return r;
}

int bwrap_ceilings_open(const struct policy_host *host, struct bwrap_ceilings **ret_ceilings, struct buf *why)
{
    struct bwrap_ceilings *c;
    *ret_ceilings = NULL;
    if (!host && !ceiling_files()) /* whoever owns that directory: in a user namespace root's seems to be nobody's */
        return 0;
    int r = read_ceilings(host, &c, why);
    if (r < 0)
        return r;
    if (c->word == BWRAP_DENIED)
        r = buf_printf(why, "%s:%u: bwrap = deny: the administrator does not let agentjail stand in for "
                       "bubblewrap; use a profile: agentjail COMMAND", c->origin.file, c->origin.line) < 0
                ? -ENOMEM
                : -EPERM;
    if (r < 0 || c->word == BWRAP_FREE) {
        bwrap_ceilings_close(c);
        return r;
    }
    *ret_ceilings = c;
    return 0;
}

int ceilings_tell(const struct policy_host *host, struct ceilings_told *ret_told, struct buf *why)
{
    struct bwrap_ceilings *c;
    int r = read_ceilings(host, &c, why);
    if (r < 0)
        return r;
    *ret_told = (struct ceilings_told){ .any = c->m.ceilings.n > 0, .bwrap = c->word };
    if (c->origin.file)
        snprintf(ret_told->place, sizeof(ret_told->place), "%s:%u", c->origin.file, c->origin.line);
    bwrap_ceilings_close(c);
    return 0;
}

void bwrap_ceilings_close(struct bwrap_ceilings *c)
{
    if (!c)
        return;
    settings_free(&c->m.ceilings);
    free(c->m.sources);
    free(c->m.grant_settings);
    strv_free(&c->exec);
    free(c->policy.grants);
    free(c->policy.run_rules);
    strv_free(&c->policy.own_paths);
    strv_free(&c->policy.notes);
    arena_free(c->m.arena);
    free(c);
}

const struct origin *bwrap_ceilings_origin(const struct bwrap_ceilings *c)
{
    return &c->origin;
}

/* As if it had been written: what goes beyond a ceiling is refused, not narrowed, for nothing here could carry it out. */
static struct origin because(const char *reason)
{
    return (struct origin){ reason ? reason : "bubblewrap's command line", ORIGIN_REASON };
}

/* What bubblewrap's jails are, in our words. */
static int describe(struct merge *m, const struct claims *claims)
{
    struct policy *p = m->policy;
    struct origin own = because(NULL);
    int r = merge_defaults(m);
    if (r < 0)
        return r;
    p->home = HOME_NONE;
    p->git = GIT_NONE;
    p->backend = BACKEND_NAMESPACE;
    p->backend_origin = own;
    p->network = claims->network ? NETWORK_HOST : NETWORK_NONE;
    p->network_origin = because(claims->network ? claims->network : "--unshare-net");
    p->loopback = true;
    p->loopback_origin = because("--unshare-net");
    p->no_spawn_origin = own;
    p->nested = claims->nested;
    p->nested_origin = because(claims->nested ? claims->nested : "--disable-userns");
    p->terminal = claims->terminal ? TERMINAL_FULL : TERMINAL_SAFE;
    p->terminal_origin = because(claims->terminal);
    p->filter = p->landlock = (struct fence){ 0 }; /* bubblewrap's jails have none, so that ceilings may give them one */
    p->guard = (struct fence){ .value = arena_strdup(m->arena, "off"), .origin = own };
    p->label = (struct fence){ .value = claims->label ? arena_strdup(m->arena, claims->label) : NULL,
                               .origin = because(claims->label ? "--exec-label" : NULL) };
    p->evidence_level = EVIDENCE_OFF;
    p->evidence_sink = EVIDENCE_NONE;
    p->evidence_full = EVIDENCE_DROP;
    p->evidence_level_origin = p->evidence_sink_origin = p->evidence_full_origin = own;
    return p->guard.value ? 0 : -ENOMEM;
}

static int add_grants(struct merge *m, const struct claims *claims)
{
    for (size_t i = 0; i < claims->n_grants; i++) {
        const struct claim *g = &claims->grants[i];
        struct setting *s = arena_alloc(m->arena, sizeof(*s));
        char *path = arena_strdup(m->arena, g->path);
        if (!s || !path)
            return -ENOMEM;
        *s = (struct setting){ .option = ceiling_grant_option(g->kind), .value = g->written, .origin = because(g->written),
                               .layer = g->anywhere ? LAYER_ADMINISTRATOR : LAYER_COMMAND_LINE };
        s->name = s->option->key;
        int r = merge_grant(m, g->kind, path, false, s->origin, s);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool in_section(const struct option *o, const char *section)
{
    return o->section && strcmp(o->section, section) == 0;
}

/* The host's network knows no rules, names or ports, and nobody counts there: what a ceiling says of them holds only where
 * there is none. */
static int check_network(const struct merge *m)
{
    for (size_t i = 0; i < m->ceilings.n && m->policy->network != NETWORK_NONE; i++) {
        const struct setting *c = &m->ceilings.v[i];
        if ((!in_section(c->option, "network") && !in_section(c->option, "alerts")) ||
            c->option == &options[OPTION_NETWORK] || c->option == &options[OPTION_LOOPBACK])
            continue;
        int r = buf_printf(m->why, "%s: the ceiling in %s:%u (%s = %s) cannot be held on the host's network; %s",
                           m->policy->network_origin.file, c->origin.file, c->origin.line, c->option->key,
                           c->value ? c->value : "", instead[OPTION_NETWORK]);
        return r < 0 ? r : -EPERM;
    }
    return 0;
}

/* strict = yes takes the '-' off what may be lacking otherwise. */
static void apply_strict(struct policy *p)
{
    bool *optional[] = { &p->filter.optional, &p->landlock.optional, &p->memory.optional, &p->cpu.optional,
                         &p->processes.optional };
    for (size_t i = 0; i < ELEMENTSOF(optional) && p->strict; i++)
        *optional[i] = false;
}

/* Entries of hide and protect that are relative, or name ${WORKSPACE}, are meant of what is worked on: of each directory that
 * may be written here, as well as of the one that would be the workspace otherwise. */
static int add_relative(struct merge *m)
{
    struct policy *p = m->policy;
    char *found = p->workspace;
    size_t n = p->n_grants;
    int r = 0;
    for (size_t i = 0; i < m->ceilings.n && r >= 0; i++) {
        const struct setting *c = &m->ceilings.v[i];
        char *with, *without;
        bool optional;
        if (c->option->ceiling != CEILING_ADDS || c->option->type != options[OPTION_HIDE].type || setting_empties(c))
            continue;
        p->workspace = NULL;
        if (merge_path(m, c, &without, &optional) != -ENXIO)
            continue;
        for (size_t k = 0; k < n && r >= 0; k++) {
            struct stat st;
            const struct grant *g = &p->grants[k];
            if (g->kind != GRANT_WRITE || stat(g->path, &st) < 0 || !S_ISDIR(st.st_mode))
                continue;
            p->workspace = g->path;
            r = merge_path(m, c, &with, &optional);
            if (r >= 0 && (optional || faccessat(AT_FDCWD, with, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT))
                r = ceiling_add(m, c); /* not every directory that may be written has what a workspace must have */
        }
    }
    p->workspace = found;
    return r;
}

/* The trees that every file has for programs. */
static int find_exec(struct bwrap_ceilings *c)
{
    struct merge *m = &c->m;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *s = &m->ceilings.v[i];
        char *tree;
        const char *real;
        bool optional, allowed;
        if (s->option != &options[OPTION_EXEC] || setting_empties(s))
            continue;
        int r = merge_path(m, s, &tree, &optional);
        if (r == -ENXIO)
            continue;
        if (r < 0 || (r = ceiling_follow(m, tree, &real)) < 0 || (r = ceiling_allows(m, GRANT_EXEC, real, &allowed)) < 0)
            return r;
        if (allowed && !strv_has(&c->exec, real) && (r = strv_add(&c->exec, real)) < 0)
            return r;
    }
    return 0;
}

int bwrap_ceilings_judge(struct bwrap_ceilings *c, const struct claims *claims, struct bounds *ret_bounds, struct buf *why)
{
    struct merge *m = &c->m;
    m->why = why;
    int r = places_find(m);
    if (r >= 0)
        r = describe(m, claims);
    if (r >= 0)
        r = workspace_find(m); /* nothing is granted for that; ceilings may name it */
    if (r >= 0)
        r = add_grants(m, claims);
    if (r >= 0)
        r = check_network(m);
    if (r >= 0)
        r = ceiling_apply(m);
    if (r >= 0)
        r = add_relative(m);
    if (r >= 0)
        r = find_exec(c);
    if (r < 0)
        return r;
    apply_strict(&c->policy);
    *ret_bounds = (struct bounds){ .policy = &c->policy, .exec = &c->exec, .strict = c->policy.strict };
    for (size_t i = 0; i < m->ceilings.n; i++)
        ret_bounds->exec_bounded = ret_bounds->exec_bounded || m->ceilings.v[i].option == &options[OPTION_EXEC];
    return 0;
}
