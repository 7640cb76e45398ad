/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "home/git_dir.h"
#include "home/remove_tree.h"
#include "profile/access.h"
#include "sys/entries.h"

enum { DEPTH_MAX = 32, TOLD_MAX = 8 };

/* A walk through one git directory. */
struct walk {
    const struct git_links_dir *gitdir;
    struct timespec since; /* what has changed then or later is new */
    bool timed;            /* is that certain? */
    struct git_notes *notes;
    char path[PATH_MAX];   /* below gitdir, of what is looked at */
    size_t left;           /* entries to look at */
    unsigned depth, told;
    bool cut;              /* left was not enough */
    bool closed;           /* a directory could not be looked into */
};

/* Loose objects: git makes them by renaming, whatever is there, and never writes to one again. */
static bool is_objects(const struct walk *w, const char *name)
{
    return w->depth == 2 && strncmp(w->path, "objects/", 8) == 0 && strlen(name) == 2;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* File systems with small inodes keep whole seconds. */
static bool is_new(const struct walk *w, const struct timespec *changed)
{
    struct timespec since = { w->since.tv_sec, changed->tv_nsec == 0 ? 0 : w->since.tv_nsec };
    return !is_before(changed, &since);
}

static void remove_link(struct walk *w, int dir, const char *name)
{
    int r = remove_hostile(dir, name);
    if (r != -ENOENT && w->told++ < TOLD_MAX)
        git_note_removal(w->notes, r, "%s/%s became a symlink while the command ran, and your git would write where it leads",
                         w->gitdir->path, w->path);
    else if (r < 0 && r != -ENOENT)
        w->closed = true;
}

static void warn_of_link(struct walk *w)
{
    _cleanup_buf_ struct buf line = { 0 };
    if (w->told++ < TOLD_MAX)
        (void)buf_printf(&line, "%s/%s is a symlink, and your git would write where it leads; whether the command made it "
                         "cannot be told on this file system, or as the clock was set back", w->gitdir->path, w->path);
    git_note(&w->notes->warnings, &line);
}

/* moved: a directory above it below the git directory has changed, so it may have come along in that. */
static void look_at_link(struct walk *w, int dir, const char *name, bool moved)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
        return; /* it is none any more */
    if (!w->timed)
        warn_of_link(w);
    else if (moved || is_new(w, &st.st_ctim))
        remove_link(w, dir, name);
}

static void walk(struct walk *w, int dir, bool moved);

static void look(struct walk *w, int dir, const struct entry *e, bool moved)
{
    struct stat st;
    bool link = e->type == DT_LNK, below = e->type == DT_DIR;
    if (e->type == DT_UNKNOWN && fstatat(dir, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        link = S_ISLNK(st.st_mode);
        below = S_ISDIR(st.st_mode);
    }
    if (link)
        look_at_link(w, dir, e->name, moved);
    if (!below || is_objects(w, e->name))
        return;
    _cleanup_close_ int next = -1;
    if (w->depth < DEPTH_MAX) /* git writes into one that its owner cannot list, too */
        next = open_listed_directory(dir, e->name);
    if (next >= 0) /* a snapshot (btrfs) is another device, and has the times of what it was made of */
        walk(w, next, moved || fstat(next, &st) < 0 || is_new(w, &st.st_ctim) || st.st_dev != w->gitdir->dev);
    else
        w->closed = w->closed || w->depth == DEPTH_MAX || (errno != ENOENT && errno != ENOTDIR && errno != ELOOP);
}

static void walk(struct walk *w, int dir, bool moved)
{
    struct entries entries;
    size_t len = strlen(w->path);
    w->depth++;
    entries_begin(&entries, dir);
    for (const struct entry *e; !w->cut && (e = entries_next(&entries));) {
        int n = snprintf(w->path + len, sizeof(w->path) - len, "%s%s", len ? "/" : "", e->name);
        if (w->left-- == 0)
            w->cut = true;
        else if (n >= (int)(sizeof(w->path) - len))
            w->closed = true;
        else
            look(w, dir, e, moved);
        w->path[len] = '\0';
    }
    w->closed = w->closed || (entries.error < 0 && entries.error != -ENOENT);
    w->depth--;
}

/* A directory in the git directory's place brings along what it likes. */
static void walk_gitdir(struct walk *w)
{
    struct stat st;
    _cleanup_close_ int dir = git_dir_open(w->gitdir->path);
    if (dir >= 0 && fstat(dir, &st) == 0)
        walk(w, dir, st.st_dev != w->gitdir->dev || st.st_ino != w->gitdir->ino);
    else
        w->closed = dir != -ENOENT;
}

/* Those whose server or program gives the times (nfs, 9p, fuse...) are none. */
static bool takes_our_time(const char *path)
{
    static const long known[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
                                  F2FS_SUPER_MAGIC, 0xca451a4e /* bcachefs */, 0x2fc12fc1 /* zfs */ };
    struct statfs fs;
    if (statfs(path, &fs) < 0)
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if ((unsigned long)fs.f_type == (unsigned long)known[i])
            return true;
    return false;
}

static bool is_noted(const struct git_links *links, const char *path)
{
    for (size_t i = 0; i < links->n_dirs; i++)
        if (strcmp(links->dirs[i].path, path) == 0)
            return true;
    return false;
}

static int add_dir(const struct policy *policy, struct git_links *links, const char *path)
{
    char real[PATH_MAX];
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || !realpath(path, real) || is_noted(links, real) ||
        !policy_payload_writes(policy, real))
        return 0;
    struct git_links_dir *more = realloc(links->dirs, (links->n_dirs + 1) * sizeof(*more));
    if (!more)
        return -ENOMEM;
    links->dirs = more;
    more[links->n_dirs] = (struct git_links_dir){ strdup(real), st.st_dev, st.st_ino, takes_our_time(real) };
    if (!more[links->n_dirs].path)
        return -ENOMEM;
    links->n_dirs++;
    return 0;
}

int git_links_note(const struct policy *policy, struct git_links *links)
{
    char path[PATH_MAX];
    int r = 0;
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &links->wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &links->steady);
    for (size_t i = 0; i < policy->n_git_repos && r == 0; i++) {
        const char *config = policy->git_repos[i].config;
        snprintf(path, sizeof(path), "%.*s", (int)(strrchr(config, '/') - config), config);
        r = add_dir(policy, links, path);
    }
    for (size_t i = 0; i < ELEMENTSOF(policy->git_dirs) && r == 0; i++)
        r = policy->git_dirs[i] ? add_dir(policy, links, policy->git_dirs[i]) : 0;
    if (r == 0 && policy->workspace && snprintf(path, sizeof(path), "%s/.git", policy->workspace) < (int)sizeof(path))
        r = add_dir(policy, links, path);
    return r;
}

/* Milliseconds of a clock since then. */
static long long since(clockid_t clock, const struct timespec *then)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (now.tv_sec - then->tv_sec) * 1000LL + (now.tv_nsec - then->tv_nsec) / 1000000;
}

static bool clock_went_back(const struct git_links *links)
{
    enum { SLACK = 20 }; /* ms: the two are not read at once, and the wall's may be slewed; both count what it slept */
    long long steady = since(CLOCK_BOOTTIME, &links->steady);
    return since(CLOCK_REALTIME, &links->wall) < steady - steady / 1000 - SLACK;
}

static void remove_new(struct walk *w)
{
    const char *dir = w->gitdir->path;
    _cleanup_buf_ struct buf more = { 0 }, rest = { 0 };
    walk_gitdir(w);
    if (w->told > TOLD_MAX)
        (void)buf_printf(&more, "%s: %u more symlinks like these", dir, w->told - TOLD_MAX);
    git_note(w->timed ? &w->notes->told : &w->notes->warnings, &more);
    if (w->cut || w->closed)
        (void)buf_printf(&rest, "%s holds more than is searched for symlinks through which your git would write; "
                         "find %s -type l shows what the command may have left", dir, dir);
    git_note(&w->notes->warnings, &rest);
}

void git_links_remove_new(const struct git_links *links, struct git_notes *notes)
{
    bool timed = !clock_went_back(links);
    for (size_t i = 0; i < links->n_dirs; i++) {
        struct walk w = { .gitdir = &links->dirs[i], .since = links->wall, .timed = timed && links->dirs[i].timed,
                          .notes = notes, .left = links->most ? links->most : GIT_LINKS_MOST };
        remove_new(&w);
    }
}

void git_links_free(struct git_links *links)
{
    for (size_t i = 0; i < links->n_dirs; i++)
        free(links->dirs[i].path);
    free(links->dirs);
    *links = (struct git_links){ 0 };
}
