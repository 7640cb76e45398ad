/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/policy.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "profile/access.h"
#include "profile/ceiling.h"
#include "profile/closure.h"
#include "profile/command.h"
#include "profile/git_inside.h"
#include "profile/load.h"
#include "profile/match.h"
#include "profile/merge.h"
#include "profile/net_types.h"
#include "profile/option.h"
#include "profile/path.h"
#include "profile/types.h"
#include "profile/workspace.h"

int merge_note(struct merge *m, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    return n < 0 ? -ENOMEM : strv_take(&m->policy->notes, text);
}

int merge_grant(struct merge *m, enum grant_kind kind, char *path, bool optional, struct origin origin,
                const struct setting *setting)
{
    struct policy *p = m->policy;
    if (p->n_grants == m->grants_size) {
        size_t size = m->grants_size ? m->grants_size * 2 : 64;
        struct grant *grants = reallocarray(p->grants, size, sizeof(*grants));
        if (grants)
            p->grants = grants;
        const struct setting **settings = grants ? reallocarray(m->grant_settings, size, sizeof(*settings)) : NULL;
        if (!settings)
            return -ENOMEM;
        m->grant_settings = settings;
        m->grants_size = size;
    }
    m->grant_settings[p->n_grants] = setting;
    p->grants[p->n_grants++] = (struct grant){ .kind = kind, .path = path, .optional = optional, .origin = origin };
    return 0;
}

void merge_drop_grant(struct merge *m, size_t i)
{
    struct policy *p = m->policy;
    size_t behind = p->n_grants - i - 1;
    memmove(&p->grants[i], &p->grants[i + 1], behind * sizeof(*p->grants));
    memmove(&m->grant_settings[i], &m->grant_settings[i + 1], behind * sizeof(*m->grant_settings));
    p->n_grants--;
}

/* --- directories --- */

static char *own_dir(struct merge *m, const char *base)
{
    return base ? arena_concat(m->arena, base, "/agentjail", NULL) : NULL;
}

static int add_own(struct merge *m, const char *path)
{
    if (!path || strv_has(&m->policy->own_paths, path))
        return 0;
    return strv_add(&m->policy->own_paths, path);
}

/* The default places count as well as where XDG_* points now: a later call may not have the variable. */
static int find_own_paths(struct merge *m)
{
    struct policy *p = m->policy;
    const struct dirs *d = &m->dirs;
    p->data_dir = own_dir(m, d->data);
    p->state_dir = own_dir(m, d->state);
    p->cache_dir = own_dir(m, d->cache);
    p->runtime_dir = own_dir(m, d->runtime);
    const char *config = own_dir(m, d->config);
    p->profiles_dir = config ? arena_concat(m->arena, config, "/profiles", NULL) : NULL;

    static const char *const usual[] = { "/.config/agentjail", "/.local/share/agentjail", "/.local/state/agentjail",
                                         "/.cache/agentjail" };
    const char *all[] = { config, p->data_dir, p->state_dir, p->cache_dir, p->runtime_dir, m->host->system_dir };
    for (size_t i = 0; i < ELEMENTSOF(all); i++) {
        int r = add_own(m, all[i]);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; d->home && i < ELEMENTSOF(usual); i++) {
        const char *path = arena_concat(m->arena, d->home, usual[i], NULL);
        int r = path ? add_own(m, path) : -ENOMEM;
        if (r < 0)
            return r;
    }
    size_t n = 0;
    if (config)
        p->filter_dirs[n++] = arena_concat(m->arena, config, "/seccomp", NULL);
    p->filter_dirs[n++] = arena_concat(m->arena, m->host->system_dir, "/seccomp", NULL);
    p->filter_dirs[n++] = arena_strdup(m->arena, m->host->filter_dir);
    for (size_t i = 0; i < n; i++)
        if (!p->filter_dirs[i])
            return -ENOMEM;
    return 0;
}

/* git-config(1), FILES: what the system says, then the user. */
static int find_git_settings(struct merge *m)
{
    struct policy *p = m->policy;
    const char *own = env_get(m->host->env, "GIT_CONFIG_GLOBAL");
    size_t n = 0;
    if (p->git != GIT_IDENTITY)
        return 0;
    p->git_settings[n++] = "/etc/gitconfig";
    if (own && *own == '/') {
        p->git_settings[n++] = arena_strdup(m->arena, own);
    } else if (m->dirs.home) {
        p->git_settings[n++] = arena_concat(m->arena, m->dirs.config, "/git/config", NULL);
        p->git_settings[n++] = arena_concat(m->arena, m->dirs.home, "/.gitconfig", NULL);
    }
    return n && !p->git_settings[n - 1] ? -ENOMEM : 0;
}

static int find_home(struct merge *m)
{
    static const char *const system_trees[] = { "/bin",   "/boot", "/dev",  "/etc", "/lib",
                                                "/lib64", "/proc", "/sbin", "/sys", "/usr" };
    struct policy *p = m->policy;
    const char *home = m->dirs.home;
    for (size_t i = 0; home && i < ELEMENTSOF(system_trees); i++)
        if (path_within(home, system_trees[i]))
            home = NULL; /* of a service's user: a file system over /usr/sbin would hide it */
    p->home_target = arena_strdup(m->arena, home ? home : "/home/agent");
    if (!p->home_target)
        return -ENOMEM;
    if (p->home != HOME_PERSISTENT && p->import_credentials) {
        (void)buf_str(m->why, "--import-credentials: the profile keeps no home to copy them to; write --home=persistent");
        return -EINVAL;
    }
    if (p->home != HOME_PERSISTENT)
        return 0;
    if (!p->data_dir) {
        (void)buf_str(m->why,
                      "home = persistent: you have no home directory to keep it in; set HOME or XDG_DATA_HOME, or "
                      "write home = temporary");
        return -EINVAL;
    }
    p->home_source = arena_concat(m->arena, p->data_dir, "/homes/", p->name);
    return p->home_source ? 0 : -ENOMEM;
}

static int find_cwd(struct merge *m)
{
    char cwd[PATH_MAX];
    m->cwd = m->host->cwd;
    if (m->cwd || !getcwd(cwd, sizeof(cwd)) || cwd[0] != '/')
        return 0;
    m->cwd = arena_strdup(m->arena, cwd);
    return m->cwd ? 0 : -ENOMEM;
}

/* --- merging --- */

int merge_defaults(struct merge *m)
{
    struct policy *p = m->policy;
    p->loopback = true;
    p->gateway_lost = GATEWAY_LOST_CONTINUE;
    p->evidence_level = EVIDENCE_OFF;
    p->evidence_sink = EVIDENCE_AUTO;
    p->evidence_full = EVIDENCE_DROP;
    p->filter = (struct fence){ .value = arena_strdup(m->arena, "default") };
    p->landlock = (struct fence){ .value = arena_strdup(m->arena, "on"), .optional = true };
    return p->filter.value && p->landlock.value ? 0 : -ENOMEM;
}

/* The command line's options behind the profile's settings. */
static int add_command_line(struct merge *m, struct load *l, const struct policy_request *q)
{
    for (size_t i = 0; i < q->n_options; i++) {
        const struct request_option *o = &q->options[i];
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

static int refuse(const struct merge *m, enum option_id id, struct origin origin, const char *text)
{
    const struct option *o = &options[id];
    if (origin.line)
        (void)buf_printf(m->why, "%s:%u: %s: %s %s = ", origin.file, origin.line, o->key, text, o->key);
    else
        (void)buf_printf(m->why, "--%s: %s --%s=", o->name, text, o->name);
    return -EOPNOTSUPP;
}

/* What can be written and is not there yet. None of it may be passed over in silence: each would be less than was asked for. */
static int refuse_unbuilt(const struct merge *m)
{
    const struct policy *p = m->policy;
    const char *instead = "namespace";
    if (p->backend != BACKEND_NAMESPACE) {
        (void)refuse(m, OPTION_BACKEND, p->backend_origin, "this build has no microVM yet; write");
    } else if (p->evidence_level != EVIDENCE_OFF) {
        (void)refuse(m, OPTION_EVIDENCE_LEVEL, p->evidence_level_origin, "this build records no files and programs yet; write");
        instead = "off";
    } else {
        return 0;
    }
    (void)buf_str(m->why, instead);
    return -EOPNOTSUPP;
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
    struct fence *fences[] = { &p->filter, &p->label, &p->landlock };
    struct limit *limits[] = { &p->memory, &p->cpu, &p->processes };
    for (size_t i = 0; i < ELEMENTSOF(fences); i++)
        require(&fences[i]->optional, &fences[i]->required, &strict);
    for (size_t i = 0; i < ELEMENTSOF(limits); i++)
        require(&limits[i]->optional, &limits[i]->required, &strict);
}

/* --- no file that was read may be the payload's to write --- */

static int refuse_writable(const struct merge *m, const char *file, const char *real)
{
    const struct strv *own = &m->policy->own_paths;
    for (size_t i = 0; i < own->n; i++)
        if (path_within(real, own->v[i]))
            return 0; /* masked whatever is granted */
    if (!policy_payload_writes(m->policy, real))
        return 0;
    const struct grant *grant = policy_access(m->policy, real).grant;
    bool workspace = m->policy->workspace && path_within(real, m->policy->workspace);
    (void)buf_printf(m->why, "%s: lies in %s, where the command could rewrite it (%s); copy it to ~/.config/agentjail/",
                     file, workspace ? "the workspace" : "a writable grant", grant ? grant->path : "by a symlink's name");
    return -EPERM;
}

static int check_sources(struct merge *m)
{
    const struct policy *p = m->policy;
    for (size_t i = 0; i < m->n_sources; i++) {
        const struct source *s = &m->sources[i];
        if (s->layer != LAYER_USER)
            continue;
        int r = refuse_writable(m, s->file, s->file);
        if (r == 0 && s->real && strcmp(s->real, s->file) != 0)
            r = refuse_writable(m, s->file, s->real);
        if (r < 0)
            return r;
    }
    if (p->filter.value && strchr(p->filter.value, '/')) {
        char real[PATH_MAX];
        int r = refuse_writable(m, p->filter.value, p->filter.value);
        if (r == 0 && realpath(p->filter.value, real))
            r = refuse_writable(m, p->filter.value, real);
        return r;
    }
    return 0;
}

/* Packaged profiles and filters stay unchanged inside writable grants, also in a source tree that is the workspace. */
static int protect_packaged(struct merge *m)
{
    const char *dirs[] = { m->host->package_dir, m->host->filter_dir };
    for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
        char *path;
        int r = path_normalise(m->arena, dirs[i], &path);
        if (r == 0 && policy_access(m->policy, path).host_write)
            r = merge_grant(m, GRANT_PROTECT, path, true, (struct origin){ 0 }, NULL);
        if (r < 0)
            return r;
    }
    return 0;
}

static int list_files(struct merge *m)
{
    const char **files = arena_alloc(m->arena, (m->n_sources + 1) * sizeof(*files));
    if (!files)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_sources; i++)
        files[i] = m->sources[i].file;
    m->policy->files = files;
    return 0;
}

/* All that follows from the settings, in the order in which one needs the other. */
static int resolve(struct merge *m, const char *command)
{
    int r = merge_defaults(m);
    if (r < 0 || (r = apply_settings(m, false)) < 0 || (r = workspace_find(m)) < 0)
        return r;
    struct policy *p = m->policy;
    if (p->workspace) {
        r = merge_grant(m, GRANT_WRITE, p->workspace, false, p->workspace_origin, NULL);
        if (r < 0)
            return r;
    }
    if ((r = apply_settings(m, true)) < 0 || (r = closure_add(m, command)) < 0 ||
        (r = git_inside_add(m)) < 0 || (r = ceiling_apply(m)) < 0)
        return r;
    apply_strict(m);
    if ((r = drop_repeated(m)) < 0 || (r = net_check(m)) < 0 || (r = refuse_unbuilt(m)) < 0 || (r = check_sources(m)) < 0)
        return r;
    if ((r = protect_packaged(m)) < 0 || (r = find_home(m)) < 0 || (r = find_git_settings(m)) < 0)
        return r;
    return list_files(m);
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

int merge_begin(struct merge *m, struct load *l)
{
    int r = dirs_load(m->arena, m->host, &m->dirs, m->why);
    if (r < 0 || (r = find_cwd(m)) < 0 || (r = find_own_paths(m)) < 0)
        return r;
    m->policy->user = arena_strdup(m->arena, m->dirs.user);
    if (!m->policy->user)
        return -ENOMEM;
    return load_open(l, m);
}

static int load_all(struct merge *m, const struct policy_request *q)
{
    _cleanup_load_ struct load l = LOAD_EMPTY;
    int r = merge_begin(m, &l);
    if (r < 0 || (r = load_ceilings(&l)) < 0)
        return r;
    return choose_and_load(m, &l, q);
}

int policy_load(const struct policy_request *request, struct policy *ret_policy, struct buf *why)
{
    struct policy policy = { .quiet = request->quiet, .verbose = request->verbose,
                             .import_credentials = request->import_credentials };
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

void policy_free(struct policy *p)
{
    free(p->grants);
    free(p->env);
    free(p->imports);
    free(p->git_repos);
    strv_free(&p->own_paths);
    strv_free(&p->path_dirs);
    strv_free(&p->notes);
    arena_free(p->arena);
    *p = (struct policy){ 0 };
}
