/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel is never given more than one component, and never one that it would follow: what each is, is looked at through
 * the descriptor that is then used. Whoever renames meanwhile gets an error or what a path that was walked before or after
 * would have given; out of a root leads only "..", and that is taken off the list of names that were walked. */
#include "sys/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LINKS_MAX 40 /* the kernel's own */

struct walk {
    int root;             /* where an absolute path begins; not owned */
    int at;               /* where we are; owned */
    bool in_root;         /* as RESOLVE_IN_ROOT, or */
    bool beneath;         /* as RESOLVE_BENEATH: what would lead out is an error */
    uint64_t resolve;
    unsigned links;
    char done[PATH_MAX];  /* from root to at, "/a/b"; in_root and beneath only */
    char rest[PATH_MAX];  /* to be walked */
};

static int open_one(int at, const char *name)
{
    int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int move_to(struct walk *w, int fd)
{
    if (fd < 0)
        return fd;
    cleanup_close(&w->at);
    w->at = fd;
    return 0;
}

/* To where absolute paths begin. */
static int go_to_root(struct walk *w)
{
    w->done[0] = '\0';
    return move_to(w, w->in_root || w->beneath ? open_one(w->root, ".") : open_one(AT_FDCWD, "/"));
}

static bool is_kind(int fd, mode_t kind)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

/* "..": with a root, the same names from there but for the last. */
static int go_up(struct walk *w)
{
    char names[PATH_MAX];
    char *last = strrchr(w->done, '/'), *next = names, *name;
    if (!is_kind(w->at, S_IFDIR))
        return -ENOTDIR;
    if (!w->in_root && !w->beneath)
        return move_to(w, open_one(w->at, ".."));
    if (!last)
        return w->beneath ? -EXDEV : 0;
    *last = '\0';
    memcpy(names, w->done, sizeof(names));
    int r = go_to_root(w);
    memcpy(w->done, names, sizeof(names));
    while (r >= 0 && (name = strsep(&next, "/")))
        if (*name)
            r = move_to(w, open_one(w->at, name));
    return r < 0 || is_kind(w->at, S_IFDIR) ? r : -ELOOP;
}

/* Links of procfs that lead to a file whatever they read as: /proc/PID/exe, fd/N, ns/X. The others are relative. */
static bool is_magic(int link, const char *text)
{
    struct statfs fs;
    return fstatfs(link, &fs) < 0 || (fs.f_type == PROC_SUPER_MAGIC && (text[0] == '/' || strchr(text, ':')));
}

/* link: what the next component is. What it says is walked in its place. */
static int follow(struct walk *w, int link)
{
    char text[PATH_MAX], rest[PATH_MAX];
    if (w->resolve & RESOLVE_NO_SYMLINKS || ++w->links > LINKS_MAX)
        return -ELOOP;
    ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);
    if (n <= 0)
        return n < 0 ? -errno : -ENOENT;
    text[n] = '\0';
    if (is_magic(link, text))
        return -ELOOP;
    if (w->beneath && text[0] == '/')
        return -EXDEV;
    size_t len = strlen(w->rest);
    if ((size_t)n + 1 + len >= sizeof(rest))
        return -ENAMETOOLONG;
    memcpy(rest, w->rest, len + 1);
    memcpy(w->rest, text, (size_t)n);
    w->rest[n] = '/';
    memcpy(w->rest + n + 1, rest, len + 1);
    if (!len)
        w->rest[n] = '\0'; /* no slash behind the last: it need not be a directory */
    return text[0] == '/' ? go_to_root(w) : 0;
}

static int enter(struct walk *w, const char *name)
{
    _cleanup_close_ int fd = open_one(w->at, name);
    if (fd < 0 || is_kind(fd, S_IFLNK))
        return fd < 0 ? fd : follow(w, fd);
    size_t len = strlen(w->done);
    bool noted = w->in_root || w->beneath;
    if (noted && len + 1 + strlen(name) >= sizeof(w->done))
        return -ENAMETOOLONG;
    if (noted)
        snprintf(w->done + len, sizeof(w->done) - len, "/%s", name);
    return move_to(w, TAKE_FD(fd));
}

/* What a descriptor opened with O_PATH is, in the way that flags say. */
static int reopen(int fd, uint64_t flags)
{
    if (flags & O_DIRECTORY && !is_kind(fd, S_IFDIR))
        return -ENOTDIR;
    int again = flags & O_PATH ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : openat(fd, ".", (int)flags | O_CLOEXEC);
    return again < 0 ? -errno : again;
}

/* The last component. 1: it was a symlink, whose text is to be walked. */
static int open_last(struct walk *w, const char *name, uint64_t flags, mode_t mode, int *ret_fd)
{
    _cleanup_close_ int fd = open_one(w->at, name);
    bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    if (fd >= 0 && !(flags & O_NOFOLLOW) && !exclusive && is_kind(fd, S_IFLNK)) {
        int r = follow(w, fd);
        return r < 0 ? r : 1;
    }
    int opened;
    if (flags & O_PATH) /* what was looked at, not what has its name by now */
        opened = fd < 0 ? fd : reopen(fd, flags);
    else if ((opened = openat(w->at, name, (int)flags | O_NOFOLLOW | O_CLOEXEC, mode)) < 0)
        opened = -errno;
    if (opened < 0)
        return opened;
    *ret_fd = opened;
    return 0;
}

/* Cut the next component off the rest. */
static void cut(struct walk *w, char name[NAME_MAX + 2])
{
    size_t slashes = strspn(w->rest, "/");
    size_t len = strcspn(w->rest + slashes, "/");
    size_t n = len > NAME_MAX + 1 ? NAME_MAX + 1 : len; /* too long a name stays one */
    memcpy(name, w->rest + slashes, n);
    name[n] = '\0';
    memmove(w->rest, w->rest + slashes + len, strlen(w->rest + slashes + len) + 1);
}

static int walk(struct walk *w, uint64_t flags, mode_t mode)
{
    for (;;) {
        char name[NAME_MAX + 2];
        int fd, r;
        cut(w, name);
        if (!name[0])
            return reopen(w->at, flags | O_DIRECTORY); /* there was a slash behind it, if there was anything */
        bool last = !w->rest[0];
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            r = name[1] ? go_up(w) : open_one(w->at, "."); /* "file/." is none */
            if (!name[1] && r >= 0)
                r = move_to(w, r);
        } else if (last) {
            r = open_last(w, name, flags, mode, &fd);
            if (r == 0)
                return fd;
        } else {
            r = enter(w, name);
        }
        if (r < 0)
            return r;
    }
}

int walk_open(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
    struct walk w = { .root = dirfd, .at = -1, .in_root = resolve & RESOLVE_IN_ROOT,
                      .beneath = resolve & RESOLVE_BENEATH, .resolve = resolve };
    size_t len = strlen(path);
    if (resolve & ~(uint64_t)(RESOLVE_IN_ROOT | RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS) ||
        (w.in_root && w.beneath))
        return -EINVAL;
    if (!len || len >= sizeof(w.rest))
        return len ? -ENAMETOOLONG : -ENOENT;
    if (w.beneath && path[0] == '/')
        return -EXDEV;
    memcpy(w.rest, path, len + 1);
    int r = w.in_root || path[0] == '/' ? go_to_root(&w) : move_to(&w, open_one(dirfd, "."));
    if (r >= 0)
        r = walk(&w, flags, mode);
    cleanup_close(&w.at);
    return r;
}
