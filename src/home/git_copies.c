/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_copies.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/git_config.h"
#include "base/path.h"
#include "home/git_dir.h"
#include "home/git_keep.h"
#include "home/git_worktrees.h"
#include "home/remove_tree.h"
#include "profile/access.h"
#include "profile/path.h"

#define LOCK_TRIES 20
#define LOCK_WAIT_MS 50

/* Names in a git directory by which the host's git runs things and that a mount cannot hold while they do not exist. No
 * repository has the first one (worktrees do, in a directory of their own). */
static const char *const absent[] = { "commondir", "hooks" };

static int fail(struct buf *why, const char *path, int error)
{
    buf_printf(why, "%s: no copy of git's configuration can be made there: %s; make room or rights for it, or write "
               "git = none", path, strerror(-error));
    return error;
}

/* git/, made with what is above it. */
static int open_parent(const char *state_dir, char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s/git", state_dir);
    if (n < 0 || n >= PATH_MAX)
        return -ENAMETOOLONG;
    for (char *at = path + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    mkdir(path, 0700);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* What killed monitors have left: directories that nobody holds locked. */
static void sweep(int parent, const char *id)
{
    int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return;
    for (struct dirent *d; (d = readdir(dir));) {
        if (d->d_name[0] == '.' || strcmp(d->d_name, id) == 0)
            continue;
        _cleanup_close_ int old = openat(parent, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (old >= 0 && flock(old, LOCK_EX | LOCK_NB) == 0)
            remove_tree(parent, d->d_name);
    }
}

static int write_copy(int dir, size_t i, const struct buf *text)
{
    char name[32];
    snprintf(name, sizeof(name), "%zu", i);
    if (mkdirat(dir, name, 0700) < 0)
        return -errno;
    snprintf(name, sizeof(name), "%zu/config", i);
    _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    return write(fd, text->data ? text->data : "", text->len) == (ssize_t)text->len ? 0 : -ENOSPC;
}

static unsigned char names_lacked(const char *config)
{
    _cleanup_close_ int dir = git_dir_open_config(config);
    unsigned char lacked = 0;
    struct stat st;
    for (size_t i = 0; i < ELEMENTSOF(absent) && dir >= 0; i++)
        if (fstatat(dir, absent[i], &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
            lacked |= (unsigned char)(1U << i);
    return lacked;
}

/* A payload that ran here before, or runs now, may have put symlinks in any place of the path: what they lead to is not for
 * the jail, and no copy is made. */
static void read_whole(const char *config, struct buf *text)
{
    _cleanup_close_ int dir = git_dir_open_config(config);
    _cleanup_close_ int fd = dir < 0 ? -1 : openat(dir, "config", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && buf_read_fd(text, fd, GIT_CONFIG_BYTES) < 0)
        buf_free(text);
}

static int fill(struct git_copies *copies, const struct policy *policy)
{
    copies->texts = calloc(policy->n_git_repos, sizeof(*copies->texts));
    copies->lacked = calloc(policy->n_git_repos, sizeof(*copies->lacked));
    if (!copies->texts || !copies->lacked)
        return -ENOMEM;
    copies->n = policy->n_git_repos;
    for (size_t i = 0; i < copies->n; i++) {
        _cleanup_buf_ struct buf text = { 0 };
        read_whole(policy->git_repos[i].config, &text);
        int r = write_copy(copies->dir, i, &text);
        if (r < 0)
            return r;
        copies->texts[i] = buf_take(&text);
        copies->lacked[i] = names_lacked(policy->git_repos[i].config);
    }
    return git_worktrees_note(policy, &copies->worktrees);
}

int git_copies_make(struct policy *policy, const char *id, struct git_copies *copies, struct buf *why)
{
    char path[PATH_MAX], hidden[64];
    if (policy->git != GIT_IDENTITY || !policy->n_git_repos || !policy->state_dir)
        return 0;
    copies->parent = open_parent(policy->state_dir, path);
    if (copies->parent < 0)
        return fail(why, path, copies->parent);
    sweep(copies->parent, id);
    snprintf(hidden, sizeof(hidden), ".%s", id); /* which no sweep takes, until it is locked */
    if (mkdirat(copies->parent, hidden, 0700) < 0)
        return fail(why, path, -errno);
    copies->dir = openat(copies->parent, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (copies->dir < 0 || flock(copies->dir, LOCK_EX | LOCK_NB) < 0 ||
        renameat(copies->parent, hidden, copies->parent, id) < 0)
        return fail(why, path, -errno);
    char whole[PATH_MAX];
    int r = snprintf(whole, sizeof(whole), "%s/%s", path, id) < (int)sizeof(whole) ? fill(copies, policy) : -ENAMETOOLONG;
    if (r < 0)
        return fail(why, path, r);
    copies->path = realpath(whole, NULL);
    if (!copies->path)
        return fail(why, path, -errno);
    policy->git_copies = copies->path;
    return 0;
}

/* --- the end --- */

struct local {
    const struct policy *policy;
    char top[PATH_MAX]; /* which relative paths are taken from */
};

/* Not where the payload of this profile writes, nor where it could make symlinks lead. */
static bool local_is_safe(const void *data, const char *path)
{
    const struct local *l = data;
    char whole[PATH_MAX], real[PATH_MAX];
    int n = path[0] == '/' ? snprintf(whole, sizeof(whole), "%s", path)
                           : snprintf(whole, sizeof(whole), "%s/%s", l->top, path);
    if (n < 0 || n >= (int)sizeof(whole) || !realpath(whole, real))
        return false;
    return !policy_payload_writes(l->policy, real) && !path_within(real, "/tmp") && !path_within(real, "/var/tmp");
}

/* git's lock: config.lock, made exclusively; here it is also the journal, as the file itself is written in place. */
static int take_lock(int dir, mode_t mode)
{
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        int fd = openat(dir, "config.lock", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd < 0 ? -errno : fd;
        const struct timespec wait = { .tv_nsec = LOCK_WAIT_MS * 1000000L };
        nanosleep(&wait, NULL);
    }
    return -EEXIST;
}

static int write_all(int fd, const struct buf *text)
{
    if (pwrite(fd, text->data, text->len, 0) != (ssize_t)text->len)
        return -ENOSPC;
    if (ftruncate(fd, (off_t)text->len) < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

/* Under the lock: read the host's file, judge, write. */
static int keep_locked(int dir, int lock, struct git_keep *keep, struct buf *kept, struct buf *dropped)
{
    _cleanup_buf_ struct buf host = { 0 };
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_close_ int fd = openat(dir, "config", O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    int r = S_ISREG(st.st_mode) ? buf_read_fd(&host, fd, GIT_CONFIG_BYTES) : -EINVAL;
    keep->host = host.data ? host.data : "";
    if (r >= 0 && strlen(keep->host) != host.len)
        r = -EINVAL;
    if (r >= 0)
        r = git_keep(keep, &text, kept, dropped);
    if (r >= 0 && text.len) {
        r = write_all(lock, &text);
        if (r >= 0)
            r = write_all(fd, &text);
    }
    return r;
}

static int keep_one(const char *config, struct git_keep *keep, struct buf *kept, struct buf *dropped)
{
    _cleanup_close_ int dir = git_dir_open_config(config);
    if (dir < 0)
        return dir;
    _cleanup_close_ int lock = take_lock(dir, 0600);
    if (lock < 0)
        return lock;
    int r = keep_locked(dir, lock, keep, kept, dropped);
    unlinkat(dir, "config.lock", 0);
    return r;
}

/* The jail's copy; it may have put anything in its place. */
static int read_copy(int dir, size_t i, struct buf *text)
{
    char name[32];
    struct stat st;
    snprintf(name, sizeof(name), "%zu", i);
    _cleanup_close_ int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    _cleanup_close_ int fd =
        below < 0 ? -1 : openat(below, "config", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    int r = S_ISREG(st.st_mode) ? buf_read_fd(text, fd, GIT_CONFIG_BYTES) : -EINVAL;
    if (r >= 0 && text->data && strlen(text->data) != text->len)
        r = -EINVAL;
    return r;
}

static void tell(struct git_notes *notes, const char *config, int error, const struct buf *kept, const struct buf *dropped)
{
    _cleanup_buf_ struct buf line = { 0 };
    if (error == -EEXIST)
        buf_printf(&line, "%s: what git inside has changed is not kept: %s.lock is there; remove it if no git runs", config,
                   config);
    else if (error < 0)
        buf_printf(&line, "%s: what git inside has changed is not kept: %s", config,
                   error == -EINVAL ? "it is no configuration that git could read" : strerror(-error));
    else if (kept->len || dropped->len)
        buf_printf(&line, "%s: %s%s%s%s%s", config, kept->len ? "now has from inside: " : "", kept->len ? kept->data : "",
                   kept->len && dropped->len ? "; " : "",
                   dropped->len ? "not kept, as your git could run or trust it (git config sets it): " : "",
                   dropped->len ? dropped->data : "");
    git_note(&notes->told, &line);
}

/* git-lfs sends files by a hook before each push, which it puts into a repository when it is first used there. From inside
 * it cannot, says nothing about it, and what is pushed then refers to files that nobody has. */
static void tell_lfs(struct git_notes *notes, const char *config, const struct buf *kept)
{
    if (!kept->data || !strstr(kept->data, "lfs.repositoryformatversion"))
        return;
    int len = (int)(strrchr(config, '/') - config);
    _cleanup_buf_ struct buf hook = { 0 }, line = { 0 };
    if (buf_printf(&hook, "%.*s/hooks/pre-push", len, config) < 0 ||
        faccessat(AT_FDCWD, hook.data, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    buf_printf(&line, "%s is missing, and cannot be made inside: without it git push sends no files of git-lfs; write "
               "git lfs install, and git lfs push --all REMOTE where something was pushed", hook.data);
    git_note(&notes->told, &line);
}

/* Names that were not there when the jail began. */
static void remove_new(const char *config, unsigned char lacked, struct git_notes *notes)
{
    _cleanup_close_ int dir = lacked ? git_dir_open_config(config) : -ENOENT;
    if (dir < 0 && dir != -ENOENT) {
        _cleanup_buf_ struct buf line = { 0 };
        (void)buf_printf(&line, "%s: the command has closed the way there (%s): look for hooks and a commondir beside it "
                         "before you use git there", config, strerror(-dir));
        git_note(&notes->warnings, &line);
    }
    for (size_t i = 0; i < ELEMENTSOF(absent) && dir >= 0; i++) {
        struct stat st;
        if (!(lacked & 1U << i) || fstatat(dir, absent[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        int r = remove_hostile(dir, absent[i]);
        git_note_removal(notes, r, "%.*s/%s appeared while the command ran, and your git would run what it says",
                         (int)(strrchr(config, '/') - config), config, absent[i]);
    }
}

/* A rebase that is under way may hold commands, which git runs when it goes on. Nobody of the payload's is left to write. */
static void tell_todo(struct git_notes *notes, const char *config)
{
    _cleanup_close_ int dir = git_dir_open_config(config);
    _cleanup_close_ int state = dir < 0 ? -1 : openat(dir, "rebase-merge", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    _cleanup_close_ int fd = state < 0 ? -1 : openat(state, "git-rebase-todo", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    _cleanup_buf_ struct buf text = { 0 }, line = { 0 };
    unsigned n = 0;
    if (fd < 0)
        return;
    bool whole = buf_read_fd(&text, fd, GIT_CONFIG_BYTES) >= 0;
    for (const char *at = text.data; whole && at && *at; at += strcspn(at, "\n"), at += *at == '\n') {
        const char *word = at + strspn(at, " \t");
        size_t len = strcspn(word, " \t\n");
        n += (len == 1 && *word == 'x') || (len == 4 && strncmp(word, "exec", len) == 0);
    }
    if (whole && !n)
        return;
    buf_printf(&line, "%.*s/rebase-merge/git-rebase-todo ", (int)(strrchr(config, '/') - config), config);
    if (whole)
        buf_printf(&line, "names %u command%s that git rebase --continue will run", n, n == 1 ? "" : "s");
    else
        buf_str(&line, "is too large to be looked at, and git rebase --continue runs the commands in it");
    buf_str(&line, ": read it first, as the command could write it; git rebase --abort drops it");
    git_note(&notes->warnings, &line);
}

void git_copies_end(const struct git_copies *copies, const struct policy *policy, struct git_notes *notes)
{
    struct local local = { .policy = policy };
    snprintf(local.top, sizeof(local.top), "%s", policy->workspace ? policy->workspace : "/");
    if (copies->n)
        git_worktrees_remove_new(policy, &copies->worktrees, notes);
    for (size_t i = 0; i < copies->n; i++) {
        _cleanup_buf_ struct buf copy = { 0 };
        _cleanup_buf_ struct buf kept = { 0 };
        _cleanup_buf_ struct buf dropped = { 0 };
        const char *base = copies->texts[i];
        remove_new(policy->git_repos[i].config, copies->lacked[i], notes);
        tell_todo(notes, policy->git_repos[i].config);
        int r = base ? read_copy(copies->dir, i, &copy) : 0;
        if (!base || (r >= 0 && strcmp(copy.data ? copy.data : "", base) == 0))
            continue;
        struct git_keep keep = { .base = base, .copy = copy.data ? copy.data : "", .local_is_safe = local_is_safe,
                                 .data = &local };
        if (r >= 0)
            r = keep_one(policy->git_repos[i].config, &keep, &kept, &dropped);
        tell(notes, policy->git_repos[i].config, r, &kept, &dropped);
        tell_lfs(notes, policy->git_repos[i].config, &kept);
    }
}

void git_copies_remove(struct git_copies *copies)
{
    if (copies->path)
        remove_tree(copies->parent, path_basename(copies->path));
    for (size_t i = 0; i < copies->n; i++)
        free(copies->texts[i]);
    free(copies->texts);
    free(copies->lacked);
    strv_free(&copies->worktrees);
    free(copies->path);
    cleanup_close(&copies->dir);
    cleanup_close(&copies->parent);
    *copies = GIT_COPIES_EMPTY;
}
