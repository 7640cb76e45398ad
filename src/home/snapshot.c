/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/snapshot.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "home/changes.h"

enum { DEPTH_MAX = 64, BLOCK = 256 * 1024, CLOCK_EVERY = 64 };

struct look {
    struct snapshot *s;
    const struct snapshot *before;
    struct snapshot_limits left;
    int64_t until; /* ms of CLOCK_MONOTONIC */
    dev_t dev;     /* other file systems are not entered */
    struct buf path;
    char *block;
    int result;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int by_path(const void *a, const void *b)
{
    const struct snapshot_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static const struct snapshot_file *find(const struct snapshot *s, const char *path)
{
    struct snapshot_file key = { .path = (char *)(uintptr_t)path };
    return s && s->n ? bsearch(&key, s->v, s->n, sizeof(key), by_path) : NULL;
}

static bool is_same(const struct snapshot_file *a, const struct snapshot_file *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->changed_ns == b->changed_ns;
}

/* It may be changed, or be another one, while it is read: then the hash is of what was read. */
static bool hash_file(struct look *l, int dir, const char *name, struct snapshot_file *f)
{
    _cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    struct sha256 state;
    ssize_t n;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > l->left.bytes)
        return false;
    sha256_begin(&state);
    while ((n = read(fd, l->block, BLOCK)) > 0) {
        if ((uint64_t)n > l->left.bytes || now_ms() >= l->until)
            return false;
        l->left.bytes -= (uint64_t)n;
        sha256_add(&state, l->block, (size_t)n);
    }
    sha256_end(&state, f->hash);
    return n == 0;
}

static bool hash_link(int dir, const char *name, struct snapshot_file *f)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(dir, name, text, sizeof(text));
    if (n < 0)
        return false;
    sha256(f->hash, text, (size_t)n, "", 0);
    return true;
}

static struct snapshot_file *add(struct snapshot *s)
{
    if (s->n == s->size) {
        size_t size = s->size ? 2 * s->size : 256;
        struct snapshot_file *grown = reallocarray(s->v, size, sizeof(*grown));
        if (!grown)
            return NULL;
        s->v = grown;
        s->size = size;
    }
    return &s->v[s->n];
}

static void take_file(struct look *l, int dir, const char *name, const struct stat *st)
{
    struct snapshot_file *f = add(l->s);
    char *path = f ? strdup(l->path.data) : NULL;
    if (!path) {
        l->result = -ENOMEM;
        return;
    }
    *f = (struct snapshot_file){ .path = path, .device = st->st_dev, .inode = st->st_ino, .size = (uint64_t)st->st_size,
                                 .changed_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec };
    const struct snapshot_file *old = find(l->before, path);
    if (old && is_same(old, f)) {
        f->hashed = old->hashed;
        memcpy(f->hash, old->hash, sizeof(f->hash));
    } else {
        f->hashed = S_ISLNK(st->st_mode) ? hash_link(dir, name, f) : S_ISREG(st->st_mode) && hash_file(l, dir, name, f);
    }
    l->s->n++;
}

static void look_into(struct look *l, int at, const char *name, unsigned depth);

static void look_at(struct look *l, int dir, const char *name, unsigned depth)
{
    struct stat st;
    size_t len = l->path.len;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
        return; /* gone meanwhile */
    if (l->left.entries == 0 || (l->left.entries % CLOCK_EVERY == 0 && now_ms() >= l->until)) {
        l->s->cut = true;
        return;
    }
    l->left.entries--;
    l->result = buf_printf(&l->path, "/%s", name);
    if (l->result >= 0 && S_ISDIR(st.st_mode) && st.st_dev == l->dev)
        look_into(l, dir, name, depth + 1);
    else if (l->result >= 0 && !S_ISDIR(st.st_mode))
        take_file(l, dir, name, &st);
    l->path.len = len;
    l->path.data[len] = '\0';
}

static void look_into(struct look *l, int at, const char *name, unsigned depth)
{
    int fd = depth > DEPTH_MAX ? -1 : openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        cleanup_close(&fd);
        l->s->cut = true;
        return;
    }
    for (struct dirent *d; l->result >= 0 && !l->s->cut && (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            look_at(l, dirfd(dir), d->d_name, depth);
}

/* A tree of the host's, or a single file. */
static void look_at_grant(struct look *l, const char *root)
{
    struct stat st;
    l->path.len = 0;
    l->result = buf_str(&l->path, root);
    if (l->result < 0 || lstat(root, &st) < 0)
        return;
    l->dev = st.st_dev;
    if (S_ISDIR(st.st_mode))
        look_into(l, AT_FDCWD, root, 0);
    else
        take_file(l, AT_FDCWD, root, &st);
}

int snapshot_take(struct snapshot *ret, const struct plan *plan, const struct snapshot *before, struct snapshot_limits limits)
{
    _cleanup_free_ char *block = malloc(BLOCK);
    struct look l = { .s = ret, .before = before, .left = limits, .until = now_ms() + limits.ms, .block = block,
                      .result = block ? 0 : -ENOMEM };
    *ret = (struct snapshot){ 0 };
    for (size_t i = 0; i < plan->n && l.result >= 0; i++)
        if (changes_tree(plan, i))
            look_at_grant(&l, plan->ops[i].source);
    if (ret->n)
        qsort(ret->v, ret->n, sizeof(*ret->v), by_path);
    buf_free(&l.path);
    return l.result < 0 ? l.result : 0;
}

static enum snapshot_change change_of(const struct snapshot_file *before, const struct snapshot_file *after)
{
    bool known = before->hashed && after->hashed;
    return known && memcmp(before->hash, after->hash, HASH_SIZE) == 0 ? SNAPSHOT_TOUCHED : SNAPSHOT_WRITTEN;
}

void snapshot_compare(const struct snapshot *before, const struct snapshot *after,
                      void (*tell)(void *context, enum snapshot_change change, const struct snapshot_file *before,
                                   const struct snapshot_file *after),
                      void *context)
{
    for (size_t i = 0, k = 0; i < before->n || k < after->n;) {
        const struct snapshot_file *b = i < before->n ? &before->v[i] : NULL, *a = k < after->n ? &after->v[k] : NULL;
        int order = !b ? 1 : !a ? -1 : strcmp(b->path, a->path);
        if (order < 0 && !after->cut)
            tell(context, SNAPSHOT_REMOVED, b, NULL);
        else if (order > 0 && !before->cut)
            tell(context, SNAPSHOT_CREATED, NULL, a);
        else if (order == 0 && !is_same(b, a))
            tell(context, change_of(b, a), b, a);
        i += order <= 0;
        k += order >= 0;
    }
}

void snapshot_free(struct snapshot *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].path);
    free(s->v);
    *s = (struct snapshot){ 0 };
}
