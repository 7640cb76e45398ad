/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_links.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "home/git_dir.h"
#include "home/remove_tree.h"
#include "profile/access.h"

enum { DEPTH_MAX = 32, TOLD_MAX = 8 };

/* A walk through one git directory. */
struct walk {
    const char *gitdir;
    struct strv *note;              /* to note in what is there, or NULL */
    const struct git_links *before; /* or else what was there: others are removed */
    struct git_notes *notes;
    char path[PATH_MAX];            /* below gitdir, of what is looked at */
    size_t left;                    /* entries to look at */
    unsigned depth, told;
    bool cut;                       /* left was not enough */
    bool closed;                    /* a directory could not be looked into */
};

/* Loose objects: git makes them by renaming, whatever is there, and never writes to one again. */
static bool is_objects(const struct walk *w, const char *name)
{
    return w->depth == 2 && strncmp(w->path, "objects/", 8) == 0 && strlen(name) == 2;
}

static bool is_known(const struct git_links *before, const char *gitdir, const char *path, const char *text)
{
    for (size_t i = 0; i + 2 < before->before.n; i += 3)
        if (strcmp(before->before.v[i + 1], path) == 0 && strcmp(before->before.v[i], gitdir) == 0 &&
            strcmp(before->before.v[i + 2], text) == 0)
            return true;
    return false;
}

static int note(struct walk *w, const char *text)
{
    int r = strv_add(w->note, w->gitdir);
    if (r >= 0)
        r = strv_add(w->note, w->path);
    return r < 0 ? r : strv_add(w->note, text);
}

static void remove_link(struct walk *w, int dir, const char *name)
{
    int r = remove_hostile(dir, name);
    if (r != -ENOENT && w->told++ < TOLD_MAX)
        git_note_removal(w->notes, r, "%s/%s became a symlink while the command ran, and your git would write where it leads",
                         w->gitdir, w->path);
    else if (r < 0 && r != -ENOENT)
        w->closed = true;
}

static int look_at_link(struct walk *w, int dir, const char *name)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);
    if (n < 0)
        return 0; /* it is none any more */
    text[n] = '\0';
    if (w->note)
        return note(w, text);
    if (!is_known(w->before, w->gitdir, w->path, text))
        remove_link(w, dir, name);
    return 0;
}

static int walk(struct walk *w, int dir);

static int look(struct walk *w, int dir, const struct dirent *d)
{
    struct stat st;
    bool link = d->d_type == DT_LNK, below = d->d_type == DT_DIR;
    if (d->d_type == DT_UNKNOWN && fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        link = S_ISLNK(st.st_mode);
        below = S_ISDIR(st.st_mode);
    }
    if (link)
        return look_at_link(w, dir, d->d_name);
    if (!below || is_objects(w, d->d_name))
        return 0;
    int next = -1;
    if (w->depth < DEPTH_MAX) /* git writes into one that its owner cannot list, too */
        next = open_listed_directory(dir, d->d_name);
    if (next >= 0)
        return walk(w, next);
    w->closed = w->closed || w->depth == DEPTH_MAX || (errno != ENOENT && errno != ENOTDIR && errno != ELOOP);
    return 0;
}

/* dir is taken. */
static int walk(struct walk *w, int dir)
{
    _cleanup_closedir_ DIR *entries = fdopendir(dir);
    size_t len = strlen(w->path);
    int r = 0;
    if (!entries) {
        close(dir);
        return -ENOMEM;
    }
    w->depth++;
    for (struct dirent *d; r == 0 && !w->cut && (d = readdir(entries));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int n = snprintf(w->path + len, sizeof(w->path) - len, "%s%s", len ? "/" : "", d->d_name);
        if (w->left-- == 0)
            w->cut = true;
        else if (n >= (int)(sizeof(w->path) - len))
            w->closed = true;
        else
            r = look(w, dirfd(entries), d);
        w->path[len] = '\0';
    }
    w->depth--;
    return r;
}

static int walk_gitdir(struct walk *w, const struct git_links *links)
{
    int dir = git_dir_open(w->gitdir);
    w->closed = dir < 0 && dir != -ENOENT;
    w->left = links->most ? links->most : GIT_LINKS_MOST;
    return dir < 0 ? 0 : walk(w, dir);
}

static int add_dir(const struct policy *policy, struct git_links *links, const char *path)
{
    char real[PATH_MAX];
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || !realpath(path, real) || strv_has(&links->dirs, real) ||
        !policy_payload_writes(policy, real))
        return 0;
    int r = strv_add(&links->dirs, real);
    if (r < 0)
        return r;
    struct walk w = { .gitdir = links->dirs.v[links->dirs.n - 1], .note = &links->before };
    r = walk_gitdir(&w, links);
    links->cut = links->cut || w.cut;
    return r;
}

int git_links_note(const struct policy *policy, struct git_links *links)
{
    char path[PATH_MAX];
    int r = 0;
    for (size_t i = 0; i < policy->n_git_repos && r == 0; i++) {
        const char *config = policy->git_repos[i].config;
        snprintf(path, sizeof(path), "%.*s", (int)(strrchr(config, '/') - config), config);
        r = add_dir(policy, links, path);
    }
    if (r == 0 && policy->workspace && snprintf(path, sizeof(path), "%s/.git", policy->workspace) < (int)sizeof(path))
        r = add_dir(policy, links, path);
    return r;
}

void git_links_remove_new(const struct git_links *links, struct git_notes *notes)
{
    for (size_t i = 0; i < links->dirs.n; i++) {
        const char *dir = links->dirs.v[i];
        struct walk w = { .gitdir = dir, .before = links, .notes = notes };
        _cleanup_buf_ struct buf more = { 0 }, rest = { 0 };
        if (!links->cut)
            (void)walk_gitdir(&w, links);
        if (w.told > TOLD_MAX)
            (void)buf_printf(&more, "%s: %u more symlinks like these", dir, w.told - TOLD_MAX);
        git_note(&notes->told, &more);
        if (links->cut || w.cut || w.closed)
            (void)buf_printf(&rest, "%s holds more than is searched for symlinks through which your git would write; "
                             "find %s -type l shows what the command may have left", dir, dir);
        git_note(&notes->warnings, &rest);
    }
}

void git_links_free(struct git_links *links)
{
    strv_free(&links->dirs);
    strv_free(&links->before);
    *links = (struct git_links){ 0 };
}
