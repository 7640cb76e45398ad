/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/places.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "profile/policy.h"

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

static int find_cwd(struct merge *m)
{
    char cwd[PATH_MAX];
    m->cwd = m->host->cwd;
    if (m->cwd || !getcwd(cwd, sizeof(cwd)) || cwd[0] != '/')
        return 0;
    m->cwd = arena_strdup(m->arena, cwd);
    return m->cwd ? 0 : -ENOMEM;
}

int places_find(struct merge *m)
{
    int r = dirs_load(m->arena, m->host, &m->dirs, m->why);
    if (r < 0 || (r = find_cwd(m)) < 0 || (r = find_own_paths(m)) < 0)
        return r;
    m->policy->user = arena_strdup(m->arena, m->dirs.user);
    return m->policy->user ? 0 : -ENOMEM;
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

int places_of_policy(struct merge *m)
{
    int r = find_home(m);
    return r < 0 ? r : find_git_settings(m);
}
