/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/workspace.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "profile/git.h"
#include "profile/path.h"

/* The own directory that path is, lies in or (if above) contains; NULL: none. */
static const char *touches_own(const struct merge *m, const char *path, bool above)
{
    const struct strv *own = &m->policy->own_paths;
    for (size_t i = 0; i < own->n; i++)
        if (path_within(path, own->v[i]) || (above && path_within(own->v[i], path)))
            return own->v[i];
    return NULL;
}

/* Why path is never the workspace unless it is named; NULL if it may be. */
static const char *unfit(const struct merge *m, const char *path)
{
    static const char *const exactly[] = { "/bin",      "/home", "/lib",     "/lib32",   "/lib64",
                                           "/media",    "/mnt",  "/opt",     "/run",     "/sbin",
                                           "/srv",      "/tmp",  "/usr",     "/usr/bin", "/usr/lib",
                                           "/usr/sbin", "/var",  "/var/tmp", "/dev/shm" };
    static const char *const below[] = { "/boot", "/dev", "/etc", "/proc", "/sys" };
    if (strcmp(path, "/") == 0)
        return "it is the root directory";
    if (m->dirs.home && strcmp(path, m->dirs.home) == 0)
        return "it is the home directory";
    if (m->dirs.home && path_within(m->dirs.home, path))
        return "the home directory lies in it";
    for (size_t i = 0; i < ELEMENTSOF(exactly); i++)
        if (strcmp(path, exactly[i]) == 0)
            return "it is a directory of the system";
    for (size_t i = 0; i < ELEMENTSOF(below); i++)
        if (path_within(path, below[i]) && !path_within(path, "/dev/shm"))
            return "it is a directory of the system";
    if (touches_own(m, path, true))
        return "agentjail's own files lie there";
    return NULL;
}

static int note(struct merge *m, const char *format, const char *path, const char *reason)
{
    char text[PATH_MAX + 256];
    snprintf(text, sizeof(text), format, path, reason);
    m->policy->workspace_note = arena_strdup(m->arena, text);
    return m->policy->workspace_note ? merge_note(m, "%s", text) : -ENOMEM;
}

static int take(struct merge *m, const char *path, const char *gitdir)
{
    m->policy->workspace = arena_strdup(m->arena, path);
    if (!m->policy->workspace)
        return -ENOMEM;
    if (gitdir && !path_within(gitdir, path) && m->policy->git != GIT_IDENTITY) /* git_inside.c grants it, or says why not */
        return note(m,
                    "git keeps this working tree's data in %s, outside the workspace: git will not work without "
                    "--read=%s to look, or --write= to commit, with which the command could change what your own git "
                    "runs there",
                    gitdir, gitdir);
    return 0;
}

static int find_default(struct merge *m)
{
    m->policy->workspace_default = true;
    if (!m->cwd)
        return note(m, "no workspace: the current directory %s%s; write --workspace=PATH", "no longer exists", "");

    struct git_place git;
    int r = git_find(m->arena, m->cwd, m->dirs.home, m->host->uid, &git);
    if (r < 0)
        return r;
    if (git.toplevel && !unfit(m, git.toplevel))
        return take(m, git.toplevel, git.gitdir);
    const char *reason = unfit(m, m->cwd);
    if (!reason)
        return take(m, m->cwd, NULL);
    return note(m, "no workspace: %s is not taken unless named, as %s; write --workspace=PATH", m->cwd, reason);
}

static int find_named(struct merge *m, const struct setting *s)
{
    char *text, *path, real[PATH_MAX];
    int r = expand(m, s, s->value, &text);
    if (r == -ENXIO)
        return setting_fail(s, m->why, "the workspace cannot be named by itself; write a path");
    if (r < 0)
        return r;
    r = path_from(m->arena, s->layer == LAYER_COMMAND_LINE ? m->cwd : NULL, text, &path);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return setting_fail(s, m->why, "\"%s\" is no absolute path without \"..\"; write a path, auto or none", text);
    struct stat st;
    if (!realpath(path, real) || stat(real, &st) < 0)
        return setting_fail(s, m->why, "%s cannot be the workspace: %s; name an existing directory", path,
                            strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return setting_fail(s, m->why, "%s is no directory; name one, or write --write=%s", path, path);
    const char *own = touches_own(m, real, false);
    if (own)
        return setting_fail(s, m->why, "%s belongs to agentjail itself (%s); name another directory", path, own);
    return take(m, real, NULL);
}

int workspace_find(struct merge *m)
{
    const struct setting *s = m->workspace;
    if (s)
        m->policy->workspace_origin = s->origin;
    if (!s || strcmp(s->value, "auto") == 0)
        return find_default(m);
    if (strcmp(s->value, "none") == 0)
        return 0;
    return find_named(m, s);
}
