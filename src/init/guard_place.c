/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel follows a path as far as no symlink is in it. What symlinks there are we follow, one at a time: in /proc the
 * kernel would take us for who asks. There we let through what is the asker's own: /proc/self and /proc/thread-self, its
 * descriptors (as /dev/stdout and /dev/fd/N lead to), its root and current directory; and refuse all other magic links, init's
 * above all.
 *
 * Nobody of the payload's can change a name while we look at it: every such call waits for us. */
#include "init/guard_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/syscalls.h"

#define LINKS_MAX 40 /* the kernel's */

/* What is followed: of text, the stretch that is left. */
struct walk {
    struct asker *asker;
    char *text; /* PLACE_TEXT_MAX bytes */
    unsigned links;
};

static bool in_proc(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC;
}

/* Where one of our descriptors is, as seen from the root. 0 or -errno. */
static int path_of(const struct guard *g, int fd, char *ret_path, size_t size)
{
    char entry[32];
    snprintf(entry, sizeof(entry), "self/fd/%d", fd);
    ssize_t n = readlinkat(g->proc, entry, ret_path, size);
    if (n < 0)
        return -errno;
    if ((size_t)n >= size)
        return -ENAMETOOLONG;
    ret_path[n] = '\0';
    return 0;
}

/* The part of path behind "/proc/PROCESS" or "/proc/PROCESS/task/N", NULL if it is not there. */
static const char *own_entry(struct asker *a, const char *path)
{
    char own[32];
    pid_t process = guard_asker_process(a);
    int n = snprintf(own, sizeof(own), "/proc/%d", process);
    if (process <= 0 || strncmp(path, own, (size_t)n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    path += n;
    if (strncmp(path, "/task/", 6) == 0 && path[6] >= '0' && path[6] <= '9')
        path += 6 + strspn(path + 6, "0123456789");
    return *path && *path != '/' ? NULL : path;
}

/* A symlink in /proc. Its text, or what it stands for as a descriptor in *ret_fd. Length of the text, or 0 and *ret_fd, or
 * -errno. */
static ssize_t read_proc_link(struct asker *a, int dir, const char *name, char *ret_text, int *ret_fd)
{
    char path[PATH_MAX];
    int r = path_of(a->guard, dir, path, sizeof(path));
    if (r < 0)
        return r;
    if (strcmp(path, "/proc") == 0) {
        pid_t process = guard_asker_process(a);
        if (process < 0)
            return process;
        if (strcmp(name, "self") == 0)
            return snprintf(ret_text, PATH_MAX, "%d", process);
        if (strcmp(name, "thread-self") == 0)
            return snprintf(ret_text, PATH_MAX, "%d/task/%u", process, a->call->pid);
        ssize_t n = readlinkat(dir, name, ret_text, PATH_MAX); /* "mounts", "net" */
        return n < 0 ? -errno : n;
    }
    const char *own = own_entry(a, path);
    bool descriptor = own && strcmp(own, "/fd") == 0;
    bool directory = own && !*own && (strcmp(name, "cwd") == 0 || strcmp(name, "root") == 0);
    if (!descriptor && !directory)
        return -EACCES;
    *ret_fd = openat(dir, name, O_PATH | O_CLOEXEC);
    return *ret_fd < 0 ? -errno : 0;
}

/* The symlink name in dir, before rest (which lies in w->text). 0: w->text has what is to be followed now, from *ret_root ? the
 * root : dir. 1: it stands for *ret_fd, with rest still to go. -errno. */
static int follow(struct walk *w, int dir, const char *name, const char *rest, bool *ret_root, int *ret_fd)
{
    char text[PATH_MAX] = "";
    if (++w->links > LINKS_MAX)
        return -ELOOP;
    ssize_t n;
    if (in_proc(dir))
        n = read_proc_link(w->asker, dir, name, text, ret_fd);
    else if ((n = readlinkat(dir, name, text, sizeof(text))) < 0)
        n = -errno;
    if (n < 0)
        return (int)n;
    if (n == 0)
        return *ret_fd >= 0 ? 1 : -ENOENT;
    if ((size_t)n >= sizeof(text))
        return -ENAMETOOLONG;
    size_t left = strlen(rest);
    if ((size_t)n + left + 1 > PLACE_TEXT_MAX)
        return -ENAMETOOLONG;
    memmove(w->text + n, rest, left + 1);
    memcpy(w->text, text, (size_t)n);
    *ret_root = text[0] == '/';
    return 0;
}

/* Take the next component off a path: NUL-terminated in ret_name; the rest begins with a slash if there was one. */
static const char *take_component(const char *path, char *ret_name)
{
    size_t n = strcspn(path, "/");
    if (n > NAME_MAX)
        return NULL;
    memcpy(ret_name, path, n);
    ret_name[n] = '\0';
    return path + n;
}

static int reopen(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

/* One component further. 0: *at is there, *path what is left. -errno. */
static int step(struct walk *w, int *at, const char **path)
{
    char name[NAME_MAX + 1];
    const char *rest = take_component(*path, name);
    if (!rest)
        return -ENAMETOOLONG;
    int next = openat(*at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (next < 0)
        return -errno;
    if (fstat(next, &st) < 0 || !S_ISLNK(st.st_mode)) {
        close(*at);
        *at = next;
        *path = rest;
        return 0;
    }
    close(next);
    int fd = -1;
    bool from_root = false;
    int r = follow(w, *at, name, rest, &from_root, &fd);
    if (r < 0)
        return r;
    if (r == 0 && from_root && (fd = reopen(w->asker->guard->root)) < 0)
        return fd;
    if (fd >= 0) {
        close(*at);
        *at = fd;
    }
    *path = r == 0 ? w->text : rest;
    return 0;
}

/* Follow a directory's path with symlinks in it, from start (which is taken). The directory or -errno. */
static int walk_directory(struct walk *outer, int start, const char *path)
{
    char text[PLACE_TEXT_MAX];
    struct walk w = { .asker = outer->asker, .text = text, .links = outer->links };
    _cleanup_close_ int at = start;
    size_t n = strlen(path);
    if (n >= sizeof(text))
        return -ENAMETOOLONG;
    path = memcpy(text, path, n + 1);
    for (;;) {
        path += strspn(path, "/");
        if (!*path)
            break;
        int r = step(&w, &at, &path);
        if (r < 0)
            return r;
    }
    outer->links = w.links;
    struct stat st;
    if (fstat(at, &st) < 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? TAKE_FD(at) : -ENOTDIR;
}

/* The directory that path ends in, from start; the fast way where there is no symlink. */
static int open_directory(struct walk *w, int start, const char *path)
{
    int dir = sys_openat2(start, path, O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (dir != -ELOOP)
        return dir;
    int from = reopen(start);
    return from < 0 ? from : walk_directory(w, from, path);
}

/* Split off the last component, with what slashes are behind it; "." for a path of slashes alone. Where it begins in text. */
static size_t last_component(const char *text)
{
    size_t end = strlen(text);
    while (end && text[end - 1] == '/')
        end--;
    while (end && text[end - 1] != '/')
        end--;
    return end;
}

/* p->dir and p->name for what w->text says, from start. */
static int find_name(struct walk *w, int start, struct place *p)
{
    char *text = w->text;
    if (!text[0])
        return -ENOENT;
    size_t at = last_component(text);
    int from = text[0] == '/' ? w->asker->guard->root : start;
    char first = text[at];
    text[at] = '\0';
    const char *directory = text + strspn(text, "/");
    int dir = *directory ? open_directory(w, from, directory) : reopen(from);
    text[at] = first;
    if (dir < 0)
        return dir;
    cleanup_close(&p->dir);
    p->dir = dir;
    memmove(text, text + at, strlen(text + at) + 1);
    if (text[0] == '/')
        memcpy(text, ".", 2);
    p->name = text;
    return 0;
}

/* The same of a place that is told of, not judged by its path: one that is too long is no reason to refuse it. */
static int told_path_of(const struct guard *g, int fd, char *ret_path, size_t size)
{
    int r = path_of(g, fd, ret_path, size);
    if (r == -ENAMETOOLONG && !*g->patterns) {
        memcpy(ret_path, "...", sizeof("..."));
        r = 0;
    }
    return r;
}

/* The name without the slashes behind it; false if it is longer than a name can be. */
static bool bare_name(const struct place *p, char *ret_name)
{
    size_t n = strcspn(p->name, "/");
    if (n > NAME_MAX)
        return false;
    memcpy(ret_name, p->name, n);
    ret_name[n] = '\0';
    return true;
}

static int name_path(const struct guard *g, struct place *p)
{
    char name[NAME_MAX + 1];
    int r = told_path_of(g, p->dir, p->path, PATH_MAX);
    if (r < 0)
        return r;
    if (!bare_name(p, name))
        return -ENAMETOOLONG;
    size_t n = strlen(p->path);
    if (strcmp(name, ".") != 0)
        snprintf(p->path + n, sizeof(p->path) - n, "%s%s", n > 1 ? "/" : "", name);
    return 0;
}

/* One look at what is there. 0: p is done. 1: a symlink, which w->text has now, from p->dir or the root. -errno. */
static int look(struct walk *w, struct place *p, bool follow_links)
{
    char name[NAME_MAX + 1];
    if (!bare_name(p, name))
        return -ENAMETOOLONG;
    _cleanup_close_ int target = openat(p->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (target < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fstat(target, &p->st) < 0)
        return -errno;
    if (!S_ISLNK(p->st.st_mode) || !follow_links) {
        p->target = TAKE_FD(target);
        return 0;
    }
    bool from_root;
    int fd = -1;
    int r = follow(w, p->dir, name, p->name + strlen(name), &from_root, &fd);
    if (r < 0)
        return r;
    if (r == 0)
        return 1;
    p->target = fd;
    p->by_fd = true;
    return fstat(fd, &p->st) < 0 ? -errno : 0;
}

static int find(struct walk *w, int start, enum place_want want, struct place *p)
{
    int r = find_name(w, start, p);
    while (r >= 0 && want != PLACE_NAME && (r = look(w, p, want == PLACE_FOLLOW)) > 0) {
        _cleanup_close_ int from = TAKE_FD(p->dir);
        r = find_name(w, from, p);
    }
    if (r == -EACCES && p->dir >= 0 && w->asker->guard->observe.missing)
        (void)name_path(w->asker->guard, p); /* to be told of, all the same */
    if (r < 0)
        return r;
    return p->by_fd ? told_path_of(w->asker->guard, p->target, p->path, sizeof(p->path)) : name_path(w->asker->guard, p);
}

/* What ret->text says. */
static int find_text(struct asker *a, int dirfd, enum place_want want, struct place *ret)
{
    struct walk w = { .asker = a, .text = ret->text };
    if (!ret->text[0])
        return -ENOENT;
    _cleanup_close_ int start = ret->text[0] == '/' ? -1 : guard_asker_directory(a, dirfd);
    if (ret->text[0] != '/' && start < 0)
        return start;
    int r = find(&w, start, want, ret);
    if (r == 0)
        observe_place(&a->guard->observe, ret, want != PLACE_NAME);
    return r;
}

int guard_place_find(struct asker *a, int dirfd, uint64_t path, enum place_want want, struct place *ret)
{
    ssize_t n = guard_asker_string(a, path, ret->text);
    return n < 0 ? (int)n : find_text(a, dirfd, want, ret);
}

int guard_place_follow(struct asker *a, const char *path, enum place_want want, struct place *ret)
{
    size_t n = strlen(path);
    if (n >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(ret->text, path, n + 1);
    return find_text(a, AT_FDCWD, want, ret);
}

int guard_place_find_text(struct asker *a, const char *path, struct place *ret)
{
    struct walk w = { .asker = a, .text = ret->text };
    size_t n = strlen(path);
    if (n == 0 || n >= PATH_MAX)
        return n ? -ENAMETOOLONG : -ENOENT;
    memcpy(ret->text, path, n + 1);
    _cleanup_close_ int start = path[0] == '/' ? -1 : guard_asker_directory(a, AT_FDCWD);
    return path[0] != '/' && start < 0 ? start : find(&w, start, PLACE_FOLLOW, ret);
}

int guard_place_of_fd(struct asker *a, int fd, struct place *ret)
{
    ret->target = guard_asker_directory(a, fd);
    if (ret->target < 0)
        return ret->target;
    ret->by_fd = true;
    if (fstat(ret->target, &ret->st) < 0)
        return -errno;
    int r = told_path_of(a->guard, ret->target, ret->path, sizeof(ret->path));
    if (r == 0)
        observe_place(&a->guard->observe, ret, true);
    return r;
}

bool guard_place_permitted(struct asker *a, const struct place *p)
{
    static const char *const names[] = { "/comm", "/oom_score_adj", "/coredump_filter", "/timerslack_ns" };
    if (p->target < 0 || !in_proc(p->target))
        return true;
    const char *own = own_entry(a, p->path);
    for (size_t i = 0; own && i < ELEMENTSOF(names); i++)
        if (strcmp(own, names[i]) == 0)
            return true;
    return false;
}
