/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/resolve.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "sys/syscalls.h"

#define LINKS_MAX 40 /* as path_resolution(7) */

void resolved_free(struct resolved *r)
{
    for (size_t i = 0; i < r->n_links; i++) {
        free(r->links[i].path);
        free(r->links[i].text);
    }
    free(r->links);
    free(r->path);
    *r = (struct resolved){ 0 };
}

static int open_path(const char *path, struct stat *ret_st)
{
    _cleanup_close_ int fd = sys_openat2(AT_FDCWD, path, O_PATH | O_CLOEXEC | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
    if (fd < 0)
        return fd;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISLNK(st.st_mode))
        return -ELOOP;
    *ret_st = st;
    return 0;
}

static void forget(struct resolver_dir *d)
{
    free(d->dir);
    cleanup_close(&d->fd);
    *d = (struct resolver_dir){ .fd = -1 };
}

void resolver_free(struct resolver *resolver)
{
    for (size_t i = 0; i < RESOLVER_DIRS; i++)
        forget(&resolver->dirs[i]);
    *resolver = RESOLVER_EMPTY;
}

/* Make the directory of path the resolver's. Its fd, -errno, or -EINVAL if path has none (the root). */
static int look_into(struct resolver *resolver, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    if (!slash[1])
        return -EINVAL;
    *ret_name = slash + 1;
    for (size_t i = 0; i < RESOLVER_DIRS; i++) {
        const struct resolver_dir *d = &resolver->dirs[i];
        if (!d->dir || strncmp(d->dir, path, len) != 0 || d->dir[len])
            continue;
        resolver->now = i;
        return d->fd;
    }

    struct resolver_dir *d = &resolver->dirs[resolver->oldest];
    resolver->now = resolver->oldest;
    resolver->oldest = (resolver->oldest + 1) % RESOLVER_DIRS;
    forget(d);
    d->dir = strndup(path, len);
    if (!d->dir)
        return -ENOMEM;
    d->fd = sys_openat2(AT_FDCWD, d->dir, O_PATH | O_CLOEXEC | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    return d->fd;
}

/* As open_path(). -ELOOP: a symlink somewhere on the way; *ret_last: it is path itself. */
static int look_up(struct resolver *resolver, const char *path, struct stat *ret_st, bool *ret_last)
{
    const char *name;
    *ret_last = false;
    int dir = look_into(resolver, path, &name);
    if (dir == -EINVAL)
        return open_path(path, ret_st);
    if (dir < 0)
        return dir;
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
        return -errno;
    if (S_ISLNK(st.st_mode)) {
        *ret_last = true;
        return -ELOOP;
    }
    *ret_st = st;
    return 0;
}

static int add_link(struct resolved *r, const char *path, const char *text)
{
    if (r->n_links == LINKS_MAX)
        return -ELOOP;
    struct link_step *links = reallocarray(r->links, r->n_links + 1, sizeof(*links));
    if (!links)
        return -ENOMEM;
    r->links = links;

    struct link_step step = { .path = strdup(path), .text = strdup(text) };
    if (!step.path || !step.text) {
        free(step.path);
        free(step.text);
        return -ENOMEM;
    }
    links[r->n_links++] = step;
    return 0;
}

/* Take the last component off a path that is "" (the root) or absolute. */
static void drop_last(struct buf *path)
{
    while (path->len > 0 && path->data[--path->len] != '/')
        ;
    if (path->data)
        path->data[path->len] = '\0';
}

/* Put the symlink's text in front of what is left to walk; an absolute one restarts at the root. */
static int follow(struct resolved *r, struct buf *done, struct buf *todo, const char *rest)
{
    char text[PATH_MAX];
    ssize_t n = readlink(done->data, text, sizeof(text) - 1);
    if (n < 0)
        return -errno;
    text[n] = '\0';

    int e = add_link(r, done->data, text);
    if (e < 0)
        return e;
    drop_last(done);
    if (text[0] == '/') {
        done->len = 0;
        done->data[0] = '\0';
    }

    _cleanup_buf_ struct buf next = { 0 };
    e = buf_printf(&next, "%s/%s", text, rest);
    if (e < 0)
        return e;
    buf_free(todo);
    *todo = next;
    next = (struct buf){ 0 };
    return 0;
}

/* Components, each once and none of them "." or "..". */
static bool plain(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "/");
        if (len == 0 || (text[0] == '.' && (len == 1 || (len == 2 && text[1] == '.'))))
            return false;
        text += len;
        if (*text == '/' && !*++text)
            return false;
    }
    return true;
}

/* Where the symlink at path leads, whose directory is the resolver's and so without symlinks: text alone can tell, if it
 * leads up from there only and then down. -EINVAL: it does otherwise. */
static int follow_last(const struct resolver *resolver, const char *path, struct resolved *r, char **ret_target)
{
    const struct resolver_dir *in = &resolver->dirs[resolver->now];
    char text[PATH_MAX];
    ssize_t n = readlinkat(in->fd, strrchr(path, '/') + 1, text, sizeof(text) - 1);
    if (n < 0)
        return -errno;
    text[n] = '\0';

    const char *rest = text[0] == '/' ? text + 1 : text;
    size_t base = text[0] == '/' || !in->dir[1] ? 0 : strlen(in->dir);
    while (text[0] != '/' && strncmp(rest, "../", 3) == 0) {
        rest += 3;
        while (base > 0 && in->dir[--base] != '/')
            ;
    }
    if (!*rest || !plain(rest))
        return -EINVAL;
    int e = add_link(r, path, text);
    if (e < 0)
        return e;
    return asprintf(ret_target, "%.*s/%s", (int)base, in->dir, rest) < 0 ? -ENOMEM : 0;
}

/* One component at a time, as path_resolution(7) does. as_far: the way ends before what cannot be looked at. */
static int walk(const char *path, bool as_far, struct resolved *r)
{
    _cleanup_buf_ struct buf done = { 0 };
    _cleanup_buf_ struct buf todo = { 0 };
    int e = buf_str(&todo, path);
    size_t at = 0;

    while (e >= 0) {
        while (todo.data[at] == '/')
            at++;
        if (!todo.data[at])
            break;
        size_t len = strcspn(todo.data + at, "/");
        const char *name = todo.data + at;
        at += len;
        if (len == 1 && name[0] == '.')
            continue;
        if (len == 2 && name[0] == '.' && name[1] == '.') {
            drop_last(&done);
            continue;
        }

        e = buf_printf(&done, "/%.*s", (int)len, name);
        struct stat st;
        if (e >= 0 && lstat(done.data, &st) < 0)
            e = -errno;
        if (as_far && (e == -EACCES || e == -ENOTDIR)) {
            drop_last(&done);
            e = 0;
            break;
        }
        if (e >= 0 && S_ISLNK(st.st_mode)) {
            e = follow(r, &done, &todo, todo.data + at);
            at = 0;
        }
    }
    if (e < 0)
        return e;
    if (done.len == 0)
        e = buf_char(&done, '/');
    r->path = buf_take(&done);
    return r->path ? e : -ENOMEM;
}

int path_resolve(struct resolver *resolver, const char *path, struct resolved *ret_resolved)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    _cleanup_free_ char *at = strdup(path);
    if (!at)
        return -ENOMEM;
    bool last;
    int e = look_up(resolver, at, &r.st, &last);
    while (e == -ELOOP && last) {
        char *next = NULL;
        int f = follow_last(resolver, at, &r, &next);
        if (f == -EINVAL)
            break;
        if (f < 0 || !next)
            return f < 0 ? f : -ENOMEM;
        free(at);
        at = next;
        e = look_up(resolver, at, &r.st, &last);
    }
    if (e == -ELOOP) {
        e = walk(at, false, &r);
        if (e >= 0)
            e = open_path(r.path, &r.st);
    } else if (e >= 0) {
        r.path = TAKE_PTR(at);
    }
    if (e < 0)
        return e;
    *ret_resolved = r;
    r = (struct resolved){ 0 };
    return 0;
}

int path_resolve_as_far(const char *path, struct resolved *ret_resolved)
{
    _cleanup_resolved_ struct resolved r = { 0 };
    int e = walk(path, true, &r);
    if (e >= 0)
        e = open_path(r.path, &r.st);
    if (e < 0)
        return e;
    *ret_resolved = r;
    r = (struct resolved){ 0 };
    return 0;
}

bool path_may_change(const char *top, const char *path)
{
    _cleanup_free_ char *dir = strdup(path);
    char *slash;
    while (dir && (slash = strrchr(dir, '/')) && strlen(dir) > strlen(top)) {
        slash[slash == dir] = '\0';
        struct stat st;
        if (lstat(dir, &st) < 0 || st.st_uid == geteuid() || access(dir, W_OK) == 0 || errno != EACCES)
            return true; /* EROFS says nothing of the same directory at another mount */
    }
    return !dir;
}

int path_resolve_missing(struct resolver *resolver, const char *path, struct resolved *ret_resolved)
{
    _cleanup_free_ char *head = strdup(path);
    if (!head)
        return -ENOMEM;
    size_t len = strlen(path);

    for (;;) {
        while (len > 1 && head[len - 1] != '/')
            len--;
        size_t keep = len > 1 ? len - 1 : 1;
        head[keep] = '\0';
        len = keep;
        int r = path_resolve(resolver, head, ret_resolved);
        if (r == -ENOENT && keep > 1)
            continue;
        if (r < 0)
            return r;

        _cleanup_buf_ struct buf whole = { 0 };
        const char *rest = path + strlen(head);
        r = buf_printf(&whole, "%s%s%s", ret_resolved->path[1] ? ret_resolved->path : "", rest[0] == '/' ? "" : "/",
                       rest);
        free(ret_resolved->path);
        ret_resolved->path = buf_take(&whole);
        return ret_resolved->path ? r : -ENOMEM;
    }
}
