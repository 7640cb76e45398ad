/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "profile/access.h"
#include "profile/path.h"
#include "profile/policy.h"

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

int sources_check(struct merge *m)
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

/* Whether the user, and so the payload, may change what is in the directory at all: for most it is root's. */
static bool could_be_written(const char *path)
{
    struct stat st;
    uid_t user = geteuid();
    return stat(path, &st) == 0 && (user == 0 || st.st_uid == user || st.st_mode & (S_IWGRP | S_IWOTH));
}

/* A grant, the directory's name, or both may lead through symlinks: /home/... as it was configured, and /var/home/... as the
 * workspace is found. Protected is what it is. */
static int protect_real(struct merge *m, const char *path)
{
    char real[PATH_MAX];
    char *copy;
    if (!could_be_written(path) || !realpath(path, real) || !policy_payload_writes(m->policy, real))
        return 0;
    copy = arena_strdup(m->arena, real);
    return copy ? merge_grant(m, GRANT_PROTECT, copy, true, (struct origin){ 0 }, NULL) : -ENOMEM;
}

int sources_protect_packaged(struct merge *m)
{
    const char *dirs[] = { m->host->package_dir, m->host->filter_dir };
    for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
        char *path;
        int r = path_normalise(m->arena, dirs[i], &path);
        if (r == 0 && policy_access(m->policy, path).host_write)
            r = merge_grant(m, GRANT_PROTECT, path, true, (struct origin){ 0 }, NULL);
        else if (r == 0)
            r = protect_real(m, path);
        if (r < 0)
            return r;
    }
    return 0;
}

int sources_list(struct merge *m)
{
    const char **files = arena_alloc(m->arena, (m->n_sources + 1) * sizeof(*files));
    if (!files)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_sources; i++)
        files[i] = m->sources[i].file;
    m->policy->files = files;
    return 0;
}
