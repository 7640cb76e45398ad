/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/policy_load.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "profile/access.h"
#include "profile/asked.h"
#include "profile/ceiling.h"
#include "profile/ceiling_words.h"
#include "profile/closure.h"
#include "profile/command.h"
#include "profile/git_inside.h"
#include "profile/learn.h"
#include "profile/load.h"
#include "profile/match.h"
#include "profile/merge.h"
#include "profile/microvm.h"
#include "profile/net_types.h"
#include "profile/option.h"
#include "profile/path.h"
#include "profile/places.h"
#include "profile/sources.h"
#include "profile/types.h"
#include "profile/workspace.h"

/* The command line's options behind the profile's settings. */
static int add_command_line(struct merge *m, struct load *l, const struct policy_request *q)
{
    for (size_t i = 0; i < q->n_options; i++) {
        const struct request_option *o = &q->options[i];
        if (o->option->type == &type_operation) {
            int added = asked_add(m, o);
            if (added < 0)
                return added;
            continue;
        }
        struct setting s = {
            .option = o->option,
            .name = o->option->key ? o->option->key : o->option->name,
            .value = o->value,
            .origin = { "command line", 0 },
            .layer = LAYER_COMMAND_LINE,
        };
        if (s.option == &options[OPTION_ENV]) {
            const char *equals = strchr(o->value, '=');
            if (equals == o->value) {
                (void)buf_printf(m->why, "--env=%s: no name before the '='; write --env=NAME=VALUE, or --env= to pass none",
                                 o->value);
                return -EINVAL;
            }
            s.name = arena_strndup(m->arena, o->value, equals ? (size_t)(equals - o->value) : strlen(o->value));
            s.value = equals ? equals + 1 : NULL;
            if (!s.name)
                return -ENOMEM;
        }
        int r = s.option == &options[OPTION_INCLUDE] ? load_include(l, &s) : settings_add(&m->settings, &s);
        if (r < 0)
            return r;
    }
    return 0;
}

static int apply_settings(struct merge *m, bool paths)
{
    for (size_t i = 0; i < m->settings.n; i++) {
        const struct setting *s = &m->settings.v[i];
        if (!!(s->option->flags & OPTION_PATHS) != paths)
            continue;
        int r = s->option->type->set(m, s);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_view(enum grant_kind kind)
{
    return kind == GRANT_READ || kind == GRANT_WRITE || kind == GRANT_OVERLAY || kind == GRANT_SCRATCH ||
           kind == GRANT_HIDE;
}

/* FNV-1a, to tell most paths apart without comparing them: they often begin alike. */
static uint32_t path_hash(const char *path)
{
    uint32_t hash = 2166136261U;
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 16777619U;
    return hash;
}

static bool same_matter(const struct grant *a, const struct grant *b)
{
    return a->kind == b->kind || (is_view(a->kind) && is_view(b->kind));
}

/* Of several entries for one path the last written holds: of those that say what is seen there, and of each other
 * kind. */
static int drop_repeated(struct merge *m)
{
    struct policy *p = m->policy;
    size_t n = p->n_grants;
    _cleanup_free_ uint32_t *hashes = calloc(n + 1, sizeof(*hashes));
    if (!hashes)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        hashes[i] = path_hash(p->grants[i].path);
    for (size_t i = n; i-- > 0;) {
        bool repeated = false;
        for (size_t j = i + 1; j < n && !repeated; j++)
            repeated = hashes[i] == hashes[j] && same_matter(&p->grants[i], &p->grants[j]) &&
                       strcmp(p->grants[i].path, p->grants[j].path) == 0;
        if (!repeated)
            continue;
        merge_drop_grant(m, i);
        n--;
        memmove(&hashes[i], &hashes[i + 1], (n - i) * sizeof(*hashes));
    }
    return 0;
}

/* text: what is missing; instead: the value that can be had. */
static int refuse(const struct merge *m, enum option_id id, struct origin origin, const char *text, const char *instead)
{
    const struct option *o = &options[id];
    if (origin.line)
        (void)buf_printf(m->why, "%s:%u: %s: %s; write %s = %s", origin.file, origin.line, o->key, text, o->key, instead);
    else
        (void)buf_printf(m->why, "--%s: %s; write --%s=%s", o->name, text, o->name, instead);
    return -EOPNOTSUPP;
}

/* Who is to count must see: nobody does on the host's own network. What may be counted and what not is never passed over. */
static int refuse_unseen(const struct merge *m)
{
    const struct policy *p = m->policy;
    const struct limit *alert = p->alert_sent.set ? &p->alert_sent : p->alert_denied.set ? &p->alert_denied : NULL;
    if (!alert || p->network != NETWORK_HOST)
        return 0;
    return refuse(m, p->alert_sent.set ? OPTION_ALERT_SENT : OPTION_ALERT_DENIED, alert->origin,
                  "with the host's own network nobody counts; mode = open in [network] would", "");
}

/* What strict = yes makes of a '-' before a value. */
static void require(bool *optional, struct requirement *required, const struct requirement *strict)
{
    if (required->by == REQUIRED_BY_CEILING)
        return;
    *required = (struct requirement){ strict->by, *optional, strict->origin };
    *optional = false;
}

static void apply_strict(const struct merge *m)
{
    struct policy *p = m->policy;
    if (!p->strict)
        return;
    const struct origin *ceiling = ceiling_says_strict(m);
    struct requirement strict = { ceiling ? REQUIRED_BY_CEILING : REQUIRED_BY_STRICT, false,
                                  ceiling ? *ceiling : p->strict_origin };
    struct fence *fences[] = { &p->filter, &p->label, &p->landlock, &p->guard };
    struct limit *limits[] = { &p->memory, &p->cpu, &p->processes };
    for (size_t i = 0; i < ELEMENTSOF(fences); i++)
        require(&fences[i]->optional, &fences[i]->required, &strict);
    for (size_t i = 0; i < ELEMENTSOF(limits); i++)
        require(&limits[i]->optional, &limits[i]->required, &strict);
}

/* All that follows from the settings, in the order in which one needs the other. */
static int resolve(struct merge *m, const char *command)
{
    int r = merge_defaults(m);
    if (r < 0 || (r = apply_settings(m, false)) < 0 || (r = workspace_find(m)) < 0 || (r = asked_find(m)) < 0)
        return r;
    struct policy *p = m->policy;
    if (p->workspace) {
        r = merge_grant(m, GRANT_WRITE, p->workspace, false, p->workspace_origin, NULL);
        if (r < 0)
            return r;
    }
    if ((r = apply_settings(m, true)) < 0 || (p->learn && (r = learn_widen(m)) < 0) || (r = closure_add(m, command)) < 0 ||
        (r = git_inside_add(m)) < 0 || (r = asked_claim(m)) < 0 || (r = ceiling_apply(m)) < 0)
        return r;
    asked_unclaim(m);
    apply_strict(m);
    if ((r = drop_repeated(m)) < 0 || (r = net_check(m)) < 0 || (r = microvm_check(m)) < 0 ||
        (r = refuse_unseen(m)) < 0 || (r = sources_check(m)) < 0)
        return r;
    if ((r = sources_protect_packaged(m)) < 0 || (r = places_of_policy(m)) < 0)
        return r;
    return sources_list(m);
}

/* --- a profile by the command's name --- */

/* Could the payload have put this command there? Then its name proves nothing. */
static bool in_payloads_reach(struct merge *m, const char *command)
{
    char real[PATH_MAX];
    const char *path = command_find(m, command);
    if (!path)
        return strchr(command, '/') != NULL; /* a path that cannot be judged */
    if (policy_access(m->policy, path).host_write)
        return true;
    return realpath(path, real) && policy_payload_writes(m->policy, real);
}

static int load_once(struct merge *m, struct load *l, const struct policy_request *q, const char *name)
{
    int r = load_profile(l, name);
    if (r < 0 || (r = add_command_line(m, l, q)) < 0)
        return r;
    return resolve(m, q->command ? q->command[0] : NULL);
}

static void start_over(struct merge *m)
{
    struct policy *p = m->policy;
    free(p->grants);
    free(p->env);
    free(p->run_rules);
    free(p->imports);
    free(p->git_repos);
    strv_free(&p->notes);
    strv_free(&p->path_dirs);
    struct policy fresh = {
        .own_paths = p->own_paths,
        .arena = p->arena,
        .quiet = p->quiet,
        .verbose = p->verbose,
        .import_credentials = p->import_credentials,
        .summary = p->summary,
        .user = p->user,
        .data_dir = p->data_dir,
        .state_dir = p->state_dir,
        .cache_dir = p->cache_dir,
        .runtime_dir = p->runtime_dir,
    };
    memcpy(fresh.filter_dirs, p->filter_dirs, sizeof(fresh.filter_dirs));
    *p = fresh;
    m->settings.n = 0;
    m->n_sources = 0;
    m->workspace = NULL;
    m->grants_size = m->env_size = m->imports_size = 0;
}

static int choose_and_load(struct merge *m, struct load *l, const struct policy_request *q)
{
    if (q->profile)
        return load_once(m, l, q, q->profile);
    const char *command = q->command ? q->command[0] : NULL, *name = "default";
    int r = command ? match_profile(l, path_basename(command), &name, NULL) : 0;
    if (r < 0)
        return r;
    r = load_once(m, l, q, name);
    if (strcmp(name, "default") == 0 || !in_payloads_reach(m, command))
        return r;
    buf_free(m->why);
    start_over(m);
    r = merge_note(
        m,
        "%s lies where its jail may write, so it does not get the profile %s by its name; write --profile=%s if "
        "it is what you mean",
        command, name, name);
    return r < 0 ? r : load_once(m, l, q, "default");
}

static int load_to_learn(struct merge *m, struct load *l, const struct policy_request *q)
{
    int r = learn_check_name(l, q->learn);
    if (r < 0 || (r = learn_load(l, q->learn)) < 0 || (r = add_command_line(m, l, q)) < 0)
        return r;
    return resolve(m, q->command[0]);
}

static int load_all(struct merge *m, const struct policy_request *q)
{
    _cleanup_load_ struct load l = LOAD_EMPTY;
    int r = places_find(m);
    if (r < 0 || (r = load_open(&l, m)) < 0 || (r = load_ceilings(&l)) < 0)
        return r;
    return q->learn ? load_to_learn(m, &l, q) : choose_and_load(m, &l, q);
}

int policy_load(const struct policy_request *request, struct policy *ret_policy, struct buf *why)
{
    struct policy policy = { .quiet = request->quiet, .verbose = request->verbose,
                             .import_credentials = request->import_credentials,
                             .summary = request->summarise,
                             .learn = request->learn };
    struct policy_host host;
    struct arena *arena = arena_new();
    if (!arena)
        return -ENOMEM;
    policy.arena = arena;
    struct merge m = { .policy = &policy, .arena = arena, .host = request->host, .why = why };
    int r = 0;
    if (!m.host) {
        r = host_load(&host);
        m.host = &host;
    }
    if (r == 0)
        r = load_all(&m, request);
    settings_free(&m.settings);
    settings_free(&m.ceilings);
    free(m.sources);
    free(m.grant_settings);
    if (r < 0) {
        policy_free(&policy);
        return r;
    }
    *ret_policy = policy;
    return 0;
}
