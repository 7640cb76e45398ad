/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/command.h"

#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "profile/access.h"
#include "profile/path.h"

static bool can_run(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) && access(path, X_OK) == 0;
}

const char *command_find(struct merge *m, const char *command)
{
    char *path;
    if (strchr(command, '/'))
        return path_from(m->arena, m->cwd, command, &path) == 0 ? path : NULL;
    const char *dirs = env_get(m->host->env, "PATH");
    if (!dirs)
        dirs = "/usr/local/bin:/usr/bin:/bin";
    for (const char *end; ; dirs = end + 1) {
        end = strchrnul(dirs, ':');
        char *dir = end == dirs ? arena_strdup(m->arena, ".") : arena_strndup(m->arena, dirs, (size_t)(end - dirs));
        char *file = dir ? arena_concat(m->arena, dir, "/", command) : NULL;
        if (file && can_run(file) && path_from(m->arena, m->cwd, file, &path) == 0)
            return path;
        if (!*end)
            return NULL;
    }
}

/* Does a grant of the host's files, at or below the directory that the jail has of its own there, show path? */
static bool granted_below(const struct access *access, const char *path, const char *own)
{
    if (!path_within(path, own))
        return true;
    const struct grant *g = access->grant;
    bool host = g && (g->kind == GRANT_READ || g->kind == GRANT_WRITE || g->kind == GRANT_OVERLAY);
    return host && path_within(g->path, own);
}

bool command_is_shown(const struct merge *m, const char *path)
{
    struct access access = policy_access(m->policy, path);
    if (!access.exec || !access.visible)
        return false;
    return granted_below(&access, path, "/tmp") && granted_below(&access, path, "/var/tmp") &&
           (!m->dirs.home || granted_below(&access, path, m->dirs.home));
}
