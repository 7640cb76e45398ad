/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/git.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { POINTER_MAX = 2 * PATH_MAX, CONFIG_MAX = 65536 };

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The first line of a small file, without prefix; NULL if it is not of that form. */
static char *read_pointer(const char *path, const char *prefix)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, AT_FDCWD, path, POINTER_MAX) < 0 || !text.data || strlen(text.data) != text.len)
        return NULL;
    size_t len = strlen(prefix);
    if (strncmp(text.data, prefix, len) != 0)
        return NULL;
    char *line = text.data + len;
    line[strcspn(line, "\r\n")] = '\0';
    return *line ? strdup(line) : NULL;
}

/* core.worktree of a config file, as it stands; NULL if there is none. */
static char *read_worktree(const char *config)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, AT_FDCWD, config, CONFIG_MAX) < 0 || !text.data)
        return NULL;
    bool core = false;
    char *rest = NULL;
    for (char *line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, " \t");
        if (*line == '[') {
            core = strncasecmp(line, "[core]", 6) == 0;
            continue;
        }
        if (!core || strncasecmp(line, "worktree", 8) != 0)
            continue;
        line += 8 + strspn(line + 8, " \t");
        if (*line++ != '=')
            continue;
        line += strspn(line, " \t");
        line[strcspn(line, "\r")] = '\0';
        return *line ? strdup(line) : NULL;
    }
    return NULL;
}

/* dir/rest, or rest if it is absolute. */
static int join(char out[PATH_MAX], const char *dir, const char *rest)
{
    int n = rest[0] == '/' ? snprintf(out, PATH_MAX, "%s", rest) : snprintf(out, PATH_MAX, "%s/%s", dir, rest);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Does the gitdir say that dir, which has the ".git" file, is its working tree? */
static bool points_back(const char *gitdir, const char *dir, const char *dot_git)
{
    char path[PATH_MAX], target[PATH_MAX];
    if (join(path, gitdir, "gitdir") == 0) {
        _cleanup_free_ char *back = read_pointer(path, "");
        if (back)
            return join(target, gitdir, back) == 0 && same_file(target, dot_git);
    }
    if (join(path, gitdir, "config") < 0)
        return false;
    _cleanup_free_ char *worktree = read_worktree(path);
    return worktree && join(target, gitdir, worktree) == 0 && same_file(target, dir);
}

int git_named(struct arena *arena, const char *dir, const char **ret_gitdir)
{
    char dot_git[PATH_MAX], path[PATH_MAX], real[PATH_MAX];
    *ret_gitdir = NULL;
    _cleanup_free_ char *pointer = join(dot_git, dir, ".git") < 0 ? NULL : read_pointer(dot_git, "gitdir: ");
    if (!pointer || join(path, dir, pointer) < 0 || !realpath(path, real))
        return 0;
    *ret_gitdir = arena_strdup(arena, real);
    return *ret_gitdir ? 0 : -ENOMEM;
}

/* Is there a repository at dir? Fills place->gitdir for a ".git" file. */
static int look_at(struct arena *arena, const char *dir, uid_t uid, struct git_place *place)
{
    char dot_git[PATH_MAX], path[PATH_MAX];
    struct stat st, parent;
    if (join(dot_git, dir, ".git") < 0 || lstat(dot_git, &st) < 0 || stat(dir, &parent) < 0)
        return 0;
    /* somebody else's ".git" in /tmp must not make /tmp a workspace */
    if ((st.st_uid != uid && st.st_uid != 0) || (parent.st_uid != uid && parent.st_uid != 0))
        return 0;
    if (S_ISDIR(st.st_mode)) {
        if (join(path, dot_git, "HEAD") < 0 || lstat(path, &st) < 0)
            return 0;
    } else if (S_ISREG(st.st_mode)) {
        const char *gitdir;
        int r = git_named(arena, dir, &gitdir);
        if (r < 0 || !gitdir || !points_back(gitdir, dir, dot_git))
            return r;
        place->gitdir = gitdir;
    } else {
        return 0;
    }
    place->toplevel = arena_strdup(arena, dir);
    return place->toplevel ? 0 : -ENOMEM;
}

int git_find(struct arena *arena, const char *cwd, const char *stop, uid_t uid, struct git_place *ret_place)
{
    struct git_place place = { 0 };
    char dir[PATH_MAX];
    if (strlen(cwd) >= sizeof(dir))
        return 0;
    strcpy(dir, cwd);
    while (strcmp(dir, "/") != 0 && !(stop && strcmp(dir, stop) == 0)) {
        int r = look_at(arena, dir, uid, &place);
        if (r < 0)
            return r;
        if (place.toplevel)
            break;
        char *slash = strrchr(dir, '/');
        slash[slash == dir] = '\0';
    }
    *ret_place = place;
    return 0;
}
