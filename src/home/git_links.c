/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_links.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "home/remove_tree.h"
#include "profile/access.h"
#include "sys/syscalls.h"

enum { ENTRIES_MAX = 50000, DEPTH_MAX = 32, TOLD_MAX = 8 };

/* A walk through one git directory. */
struct walk {
    const char *gitdir;
    const struct git_links *before; /* NULL: note what is there */
    struct strv *list;              /* to be noted in, or the notes */
    char path[PATH_MAX];            /* below gitdir, of what is looked at */
    size_t left;                    /* entries to look at */
    unsigned depth, told;
    bool too_many;
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
    int r = strv_add(w->list, w->gitdir);
    if (r >= 0)
        r = strv_add(w->list, w->path);
    return r < 0 ? r : strv_add(w->list, text);
}

static void remove_link(struct walk *w, int dir, const char *name)
{
    int r = unlinkat(dir, name, 0) < 0 ? -errno : 0;
    if (r == -EACCES) { /* the directory's mode */
        int opened = open_hostile_directory(dir, ".");
        cleanup_close(&opened);
        r = unlinkat(dir, name, 0) < 0 ? -errno : 0;
    }
    _cleanup_buf_ struct buf line = { 0 };
    if (r == 0 && w->told++ >= TOLD_MAX)
        return;
    (void)buf_printf(&line, "%s/%s became a symlink while the command ran, and your git would write where it leads: %s%s",
                     w->gitdir, w->path, r < 0 ? "remove it before you use git there: " : "removed", r < 0 ? strerror(-r) : "");
    if (line.len)
        strv_take(w->list, buf_take(&line));
}

static int look_at_link(struct walk *w, int dir, const char *name)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);
    if (n < 0)
        return 0; /* it is none any more */
    text[n] = '\0';
    if (!w->before)
        return note(w, text);
    if (!is_known(w->before, w->gitdir, w->path, text))
        remove_link(w, dir, name);
    return 0;
}

static int walk(struct walk *w, int dir);

/* A directory that its owner may not list may be written through all the same: it is opened for him (mode 0700). One that
 * he may not write stays as it is. */
static int open_below(const struct walk *w, int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const mode_t listed = S_IRUSR | S_IXUSR;
    struct stat st;
    if (!w->before || (fd < 0 && errno != EACCES) || (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & listed) == listed))
        return fd;
    cleanup_close(&fd);
    return open_hostile_directory(dir, name);
}

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
    int next = open_below(w, dir, d->d_name);
    return next < 0 ? 0 : walk(w, next);
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
    for (struct dirent *d; r == 0 && (d = readdir(entries));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        w->too_many = w->too_many || w->left == 0 || w->depth > DEPTH_MAX;
        if (w->too_many)
            break;
        w->left--;
        if (snprintf(w->path + len, sizeof(w->path) - len, "%s%s", len ? "/" : "", d->d_name) >= (int)(sizeof(w->path) - len))
            w->too_many = true;
        else
            r = look(w, dirfd(entries), d);
        w->path[len] = '\0';
    }
    w->depth--;
    return r;
}

static int walk_gitdir(struct walk *w)
{
    int dir = sys_openat2(AT_FDCWD, w->gitdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
    w->left = ENTRIES_MAX;
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
    struct walk w = { .gitdir = links->dirs.v[links->dirs.n - 1], .list = &links->before };
    r = walk_gitdir(&w);
    links->too_many = links->too_many || w.too_many;
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

void git_links_remove_new(const struct git_links *links, struct strv *notes)
{
    for (size_t i = 0; i < links->dirs.n; i++) {
        struct walk w = { .gitdir = links->dirs.v[i], .before = links, .list = notes };
        _cleanup_buf_ struct buf line = { 0 };
        if (!links->too_many)
            (void)walk_gitdir(&w);
        if (links->too_many || w.too_many)
            (void)buf_printf(&line, "%s holds too much to be searched for symlinks that the command left, through which your "
                             "git would write: find %s -type l shows them", links->dirs.v[i], links->dirs.v[i]);
        else if (w.told > TOLD_MAX)
            (void)buf_printf(&line, "%s: %u more symlinks like these, removed", links->dirs.v[i], w.told - TOLD_MAX);
        if (line.len)
            strv_take(notes, buf_take(&line));
    }
}

void git_links_free(struct git_links *links)
{
    strv_free(&links->dirs);
    strv_free(&links->before);
    *links = (struct git_links){ 0 };
}
