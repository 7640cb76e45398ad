/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_worktrees.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "home/git_dir.h"
#include "home/remove_tree.h"
#include "profile/access.h"
#include "profile/path.h"

struct repo {
    const struct policy *policy;
    const char *dir; /* the git directory */
    char path[PATH_MAX];
};

static void repo_of(struct repo *repo, const struct policy *policy, size_t i)
{
    const char *config = policy->git_repos[i].config;
    repo->policy = policy;
    snprintf(repo->path, sizeof(repo->path), "%.*s", (int)(strrchr(config, '/') - config), config);
    repo->dir = repo->path;
}

/* Does a path that an entry's gitdir names lie where this policy's command may write? */
static bool is_inside(const struct repo *repo, const char *name, const char *text)
{
    char path[PATH_MAX], real[PATH_MAX];
    int n = text[0] == '/' ? snprintf(path, sizeof(path), "%s", text)
                           : snprintf(path, sizeof(path), "%s/worktrees/%s/%s", repo->dir, name, text);
    char *slash = n > 0 && n < (int)sizeof(path) ? strrchr(path, '/') : NULL;
    if (!slash || slash == path)
        return false;
    *slash = '\0'; /* TREE/.git */
    while (!realpath(path, real)) { /* a tree that is gone: where it was */
        slash = strrchr(path, '/');
        if (errno != ENOENT || !slash || slash == path)
            return false;
        *slash = '\0';
    }
    return policy_payload_writes(repo->policy, real);
}

/* Does the entry lead out, or cannot it be said? */
static bool leads_out(const struct repo *repo, int worktrees, const char *name)
{
    _cleanup_buf_ struct buf text = { 0 };
    struct stat st;
    _cleanup_close_ int dir = openat(worktrees, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return errno != ENOTDIR || (fstatat(worktrees, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
    _cleanup_close_ int fd = openat(dir, "gitdir", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno != ENOENT;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || buf_read_fd(&text, fd, 2 * PATH_MAX) < 0)
        return true;
    if (!text.data)
        return false;
    text.data[strcspn(text.data, "\r\n")] = '\0';
    return !is_inside(repo, name, text.data);
}

/* worktrees/ of a repository. Its fd; -ENOENT; -ELOOP: it is none of git's. */
static int open_worktrees(int gitdir, bool anyhow)
{
    int fd = anyhow ? open_hostile_directory(gitdir, "worktrees")
                    : openat(gitdir, "worktrees", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? fd : errno == ENOTDIR ? -ELOOP : -errno;
}

static char *whole_name(const struct repo *repo, const char *name)
{
    char *text = NULL;
    return asprintf(&text, "%s/worktrees%s%s", repo->dir, name ? "/" : "", name ? name : "") < 0 ? NULL : text;
}

static int note_one(const struct repo *repo, struct strv *known)
{
    _cleanup_close_ int gitdir = git_dir_open(repo->dir);
    _cleanup_close_ int worktrees = gitdir < 0 ? gitdir : open_worktrees(gitdir, false);
    if (worktrees == -ELOOP)
        return strv_take(known, whole_name(repo, NULL));
    int fd = worktrees < 0 ? -1 : openat(worktrees, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    _cleanup_closedir_ DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *d; entries && r == 0 && (d = readdir(entries));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 && leads_out(repo, worktrees, d->d_name))
            r = strv_take(known, whole_name(repo, d->d_name));
    return r;
}

int git_worktrees_note(const struct policy *policy, struct strv *known)
{
    int r = 0;
    for (size_t i = 0; i < policy->n_git_repos && r == 0; i++) {
        struct repo repo;
        repo_of(&repo, policy, i);
        r = note_one(&repo, known);
    }
    return r;
}

static void remove_one(const struct repo *repo, int in, const char *name, const char *entry, struct git_notes *notes)
{
    struct stat st;
    if (fstatat(in, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    int r = remove_hostile(in, name);
    git_note_removal(notes, r, "%s/worktrees%s%s appeared while the command ran, and would open this repository to jails in a "
                     "directory that it could not write", repo->dir, entry ? "/" : "", entry ? entry : "");
}

static bool is_known(const struct repo *repo, const char *name, const struct strv *known)
{
    _cleanup_free_ char *whole = whole_name(repo, name);
    return whole && strv_has(known, whole);
}

static void remove_new(const struct repo *repo, const struct strv *known, struct git_notes *notes)
{
    _cleanup_close_ int gitdir = git_dir_open(repo->dir);
    if (gitdir < 0 || is_known(repo, NULL, known))
        return;
    _cleanup_close_ int worktrees = open_worktrees(gitdir, true);
    if (worktrees == -ELOOP) {
        remove_one(repo, gitdir, "worktrees", NULL, notes);
        return;
    }
    int fd = worktrees < 0 ? -1 : openat(worktrees, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *d; entries && (d = readdir(entries));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 && leads_out(repo, worktrees, d->d_name) &&
            !is_known(repo, d->d_name, known))
            remove_one(repo, worktrees, d->d_name, d->d_name, notes);
}

void git_worktrees_remove_new(const struct policy *policy, const struct strv *known, struct git_notes *notes)
{
    for (size_t i = 0; i < policy->n_git_repos; i++) {
        struct repo repo;
        repo_of(&repo, policy, i);
        remove_new(&repo, known, notes);
    }
}
