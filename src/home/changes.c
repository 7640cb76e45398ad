/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "base/record.h"
#include "sys/syscalls.h"

enum { DEPTH_MAX = 64, SHOWN = 8, CLOCK_EVERY = 256 };

/* The kernel stamps files with a clock that lags by up to a tick. */
#define TICK_NS 10000000

/* Names to tell, the first SHOWN of them. */
struct names {
    struct buf text;
    size_t n;
};

struct walk {
    int64_t since;   /* ns since 1970 */
    uint64_t left;   /* entries */
    int64_t until;   /* ms of CLOCK_MONOTONIC */
    bool cut;        /* a limit was reached */
    dev_t dev;       /* of the tree: other file systems are not entered */
    size_t root_len; /* of path: what is not printed */
    struct buf path; /* of the directory at hand */
    uint64_t files;  /* changed */
    struct names changed;
    struct names emptied; /* directories that something was removed from */
    int result;
};

/* A directory of the tree while it is read. */
struct seen {
    int fd;
    unsigned depth;
    bool counting; /* in a heap: only the number of its files matters */
    bool grown;    /* something in it is new, which is why it changed */
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Directories full of what nobody reads file by file. */
static bool is_heap(const char *name)
{
    static const char *const heaps[] = { ".git",  ".hg",   ".svn",   "node_modules", "__pycache__", ".venv",
                                         "venv",  ".tox",  "target", ".cache",       ".mypy_cache", ".gradle" };
    for (size_t i = 0; i < ELEMENTSOF(heaps); i++)
        if (strcmp(name, heaps[i]) == 0)
            return true;
    return false;
}

/* Note a name in the directory at hand, or that itself ("."). */
static void add_name(struct walk *w, struct names *names, const char *name, uint64_t files)
{
    if (names->n++ >= SHOWN || w->result < 0)
        return;
    _cleanup_buf_ struct buf whole = { 0 }, line = { 0 };
    const char *dir = w->path.len > w->root_len ? w->path.data + w->root_len : "";
    bool itself = *dir && strcmp(name, ".") == 0;
    int r = buf_printf(&whole, "%s%s%s", dir, *dir && !itself ? "/" : "", itself ? "" : name);
    if (r >= 0)
        r = record_field(&line, whole.data, SIZE_MAX);
    if (r >= 0)
        r = buf_str(&names->text, names->text.len ? ", " : "");
    if (r >= 0)
        r = buf_visible(&names->text, line.data);
    if (r >= 0 && files)
        r = buf_printf(&names->text, "/ (%llu)", (unsigned long long)files);
    w->result = r;
}

static bool is_recent(const struct walk *w, struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec >= w->since;
}

/* A directory that changed: was it made, or moved here, and not only what is in it? */
static bool is_new(const struct walk *w, int dir, const char *name, const struct stat *st)
{
    struct statx x;
    if (!is_recent(w, st->st_ctim))
        return false;
    if (!is_recent(w, st->st_mtim))
        return true;
    if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BTIME, &x) < 0 || !(x.stx_mask & STATX_BTIME))
        return true;
    return is_recent(w, (struct timespec){ .tv_sec = x.stx_btime.tv_sec, .tv_nsec = x.stx_btime.tv_nsec });
}

/* One entry more: is there room for it? */
static bool take(struct walk *w)
{
    if (w->left == 0 || (w->left % CLOCK_EVERY == 0 && now_ms() >= w->until)) {
        w->cut = true;
        return false;
    }
    w->left--;
    return true;
}

static void walk_dir(struct walk *w, int at, const char *name, unsigned depth, bool counting);

static void visit_dir(struct walk *w, struct seen *in, const char *name, const struct stat *st)
{
    in->grown = in->grown || is_new(w, in->fd, name, st);
    if (st->st_dev != w->dev)
        return;
    bool heap = !in->counting && is_heap(name);
    uint64_t before = w->files;
    walk_dir(w, in->fd, name, in->depth + 1, in->counting || heap);
    if (heap && w->files > before)
        add_name(w, &w->changed, name, w->files - before);
}

static void visit(struct walk *w, struct seen *in, const char *name)
{
    struct stat st;
    if (fstatat(in->fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
        return; /* gone meanwhile */
    if (S_ISDIR(st.st_mode)) {
        visit_dir(w, in, name, &st);
        return;
    }
    if (!is_recent(w, st.st_ctim))
        return;
    in->grown = true;
    w->files++;
    if (!in->counting)
        add_name(w, &w->changed, name, 0);
}

/* Was something removed? What is gone has no time of its own, but its directory has changed, and nothing new is there. */
static bool has_lost(const struct walk *w, const struct seen *in)
{
    struct stat st;
    return !in->counting && !in->grown && !w->cut && fstat(in->fd, &st) == 0 && is_recent(w, st.st_mtim);
}

static void walk_dir(struct walk *w, int at, const char *name, unsigned depth, bool counting)
{
    size_t len = w->path.len;
    int fd = depth > DEPTH_MAX ? -1 : openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        cleanup_close(&fd);
        w->cut = w->cut || depth > DEPTH_MAX;
        return;
    }
    if (depth && w->result >= 0) {
        w->result = buf_char(&w->path, '/');
        if (w->result >= 0)
            w->result = buf_str(&w->path, name);
    }
    struct seen in = { .fd = dirfd(dir), .depth = depth, .counting = counting };
    for (struct dirent *d; w->result >= 0 && !w->cut && (d = readdir(dir));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (take(w))
            visit(w, &in, d->d_name);
    }
    if (has_lost(w, &in))
        add_name(w, &w->emptied, ".", 0);
    w->path.len = len;
    w->path.data[len] = '\0';
}

/* A tree of the host's that the payload could write, or a single file. */
static void walk_tree(struct walk *w, const char *root, const char *workspace)
{
    struct stat st;
    buf_free(&w->path);
    w->result = buf_str(&w->path, root);
    if (w->result < 0 || lstat(root, &st) < 0)
        return;
    if (!S_ISDIR(st.st_mode)) {
        if (!is_recent(w, st.st_ctim))
            return;
        w->files++;
        w->path.len = w->root_len = 0;
        w->path.data[0] = '\0';
        add_name(w, &w->changed, root, 0);
        return;
    }
    w->dev = st.st_dev;
    w->root_len = workspace && path_within(root, workspace) ? strlen(workspace) + 1 : 0;
    walk_dir(w, AT_FDCWD, root, 0, false);
}

static bool is_writable_tree(const struct op *op)
{
    bool elsewhere = op->source && op->flags & OP_ASKED; /* the host's at another place inside */
    return op->kind == OP_BIND && op->source && (elsewhere || strcmp(op->source, op->target) == 0) &&
           !(op->flags & (OP_READ_ONLY | OP_DEVICES | OP_OWN));
}

/* Inside one that comes before it: looked at already. */
static bool is_within_earlier(const struct plan *plan, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_writable_tree(&plan->ops[k]) && path_within(plan->ops[i].source, plan->ops[k].source))
            return true;
    return false;
}

bool changes_tree(const struct plan *plan, size_t i)
{
    return is_writable_tree(&plan->ops[i]) && !is_within_earlier(plan, i);
}

static int print_names(const struct names *names, struct buf *out)
{
    int r = buf_str(out, names->text.data ? names->text.data : "");
    if (r >= 0 && names->n > SHOWN)
        r = buf_printf(out, " and %zu more", names->n - SHOWN);
    return r < 0 ? r : buf_char(out, '\n');
}

int changes_print(const struct plan *plan, const char *workspace, int64_t since, struct changes_limits limits, struct buf *out)
{
    struct walk w = { .since = since - TICK_NS, .left = limits.entries, .until = now_ms() + limits.ms };
    for (size_t i = 0; i < plan->n && w.result >= 0 && !w.cut; i++)
        if (changes_tree(plan, i))
            walk_tree(&w, plan->ops[i].source, workspace);
    int r = w.result;
    if (r >= 0 && w.files) {
        r = buf_printf(out, "%s%llu file%s changed: ", w.cut ? "at least " : "", (unsigned long long)w.files,
                       w.files == 1 ? "" : "s");
        if (r >= 0)
            r = print_names(&w.changed, out);
    }
    if (r >= 0 && w.emptied.n) {
        r = buf_str(out, "something was removed from: ");
        if (r >= 0)
            r = print_names(&w.emptied, out);
    }
    buf_free(&w.path);
    buf_free(&w.changed.text);
    buf_free(&w.emptied.text);
    return r;
}
