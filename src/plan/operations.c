/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/operations.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without --perms (bubblewrap's man page). */
enum { MODE_DIRECTORY = 0755, MODE_FILE = 0666, MODE_BOUND_FILE = 0600 };

int operation_fd_parse(const char *text, const char *what, int *ret_fd, struct buf *why)
{
    char *end;
    int value = (int)strtol(text, &end, 10); /* what is too large wraps, as it does there */
    if (!*text || *end || value < 0)
        return buf_printf(why, "Invalid %s: %s", what, text) < 0 ? -ENOMEM : -EINVAL;
    *ret_fd = value;
    return 0;
}

/* A mode, octal, 07777 at most; option: its name with "--". */
static int mode_parse(const char *text, const char *option, int *ret_mode, struct buf *why)
{
    char *end;
    unsigned long value = strtoul(text, &end, 8);
    if (!*text || *end || value > 07777)
        return buf_printf(why, "%s takes an octal argument <= 07777", option) < 0 ? -ENOMEM : -EINVAL;
    *ret_mode = (int)value;
    return 0;
}

char *operation_path(const char *path)
{
    char *clean = malloc(strlen(path) + 2);
    char *out = clean;
    if (!clean)
        return NULL;
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len > 0 && !(len == 1 && path[0] == '.')) {
            *out++ = '/';
            memcpy(out, path, len);
            out += len;
        }
        path += len;
        path += strspn(path, "/");
    }
    if (out == clean)
        *out++ = '/';
    *out = '\0';
    return clean;
}

/* Directories on the way are as open to others as the thing itself; bubblewrap takes a thing without a mode for one that
 * is not open at all. */
static mode_t parents_for(mode_t mode)
{
    mode_t parents = 0755;
    if (!(mode & 0070))
        parents &= ~(mode_t)0050;
    if (!(mode & 0007))
        parents &= ~(mode_t)0005;
    return parents;
}

static struct op *add_op(const struct operation_word *w, enum op_kind kind, unsigned flags, const char *source,
                         const char *target)
{
    _cleanup_free_ char *clean = target ? operation_path(target) : NULL;
    struct op *op = target && !clean ? NULL : plan_add(w->to->plan, kind, source, clean);
    if (op) {
        op->flags = flags;
        op->parents = parents_for(0);
    }
    return op;
}

static struct op *add_of(const struct operation_word *w, const char *source, const char *target)
{
    return add_op(w, (enum op_kind)(w->number & 0xff), w->number >> 8, source, target);
}

static void take_mode(const struct operation_word *w, struct op *op, mode_t usual)
{
    op->mode = w->to->next_perms >= 0 ? (mode_t)w->to->next_perms : usual;
    op->parents = parents_for(op->mode);
    w->to->next_perms = -1;
}

/* SRC DEST. */
static int take_bind(const struct operation_word *w)
{
    return add_of(w, w->value[0], w->value[1]) ? 0 : -ENOMEM;
}

/* FD DEST. The operation has FD and its name in /proc as the source until the path is looked up. */
static int take_bind_fd(const struct operation_word *w)
{
    char source[40];
    int fd;
    int r = operation_fd_parse(w->value[0], "fd", &fd, w->why);
    if (r < 0)
        return r;
    snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
    struct op *op = add_of(w, source, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->fd = fd;
    return 0;
}

/* DEST: what is made there from nothing, with --perms and --size where they count, or changed. */
static int take_target(const struct operation_word *w)
{
    struct op *op = add_of(w, NULL, w->value[0]);
    if (!op)
        return -ENOMEM;
    if (op->kind == OP_DIR || op->kind == OP_TMPFS)
        take_mode(w, op, MODE_DIRECTORY);
    if (op->kind == OP_TMPFS) {
        op->size = w->to->next_size;
        w->to->next_size = 0;
    }
    if (op->kind == OP_DEV)
        op->mode = MODE_DIRECTORY;
    return 0;
}

/* FD DEST: a file of what FD gives. */
static int take_data(const struct operation_word *w)
{
    int fd;
    int r = operation_fd_parse(w->value[0], "fd", &fd, w->why);
    if (r < 0)
        return r;
    struct op *op = add_of(w, NULL, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->fd = fd;
    take_mode(w, op, op->kind == OP_FILE ? MODE_FILE : MODE_BOUND_FILE);
    return 0;
}

/* TEXT DEST. */
static int take_symlink(const struct operation_word *w)
{
    struct op *op = add_op(w, OP_SYMLINK, 0, NULL, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->data = strdup(w->value[0]);
    op->data_len = strlen(w->value[0]);
    return op->data ? 0 : -ENOMEM;
}

/* OCTAL PATH. */
static int take_chmod(const struct operation_word *w)
{
    int mode;
    int r = mode_parse(w->value[0], "--chmod", &mode, w->why);
    if (r < 0)
        return r;
    struct op *op = add_of(w, NULL, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->mode = (mode_t)mode;
    return 0;
}

/* SRC: kept for the overlay that must follow. */
static int take_layer(const struct operation_word *w)
{
    return strv_add(&w->to->next_layers, w->value[0]);
}

/* number 0: with an upper directory of the host's, 1: a temporary one, 2: read-only. The last layer named is the
 * uppermost, which overlayfs wants first. */
static int take_union(const struct operation_word *w)
{
    struct strv *layers = &w->to->next_layers;
    size_t least = w->number == 2 ? 2 : 1;
    bool upper = w->number == 0;

    if (layers->n < least)
        return buf_printf(w->why, "%s requires at least %s --overlay-src", w->name, least == 2 ? "two" : "one") < 0
                   ? -ENOMEM
                   : -EINVAL;
    if (!add_op(w, OP_UNION, w->number == 2 ? OP_READ_ONLY : 0, upper ? w->value[0] : NULL, w->value[upper ? 2 : 0]))
        return -ENOMEM;
    if (upper && !add_op(w, OP_LAYER, 0, w->value[1], NULL))
        return -ENOMEM;
    for (size_t i = layers->n; i > 0; i--)
        if (!add_op(w, OP_LAYER, 0, layers->v[i - 1], NULL))
            return -ENOMEM;
    strv_free(layers);
    return 0;
}

static int take_perms(const struct operation_word *w)
{
    if (w->to->next_perms >= 0)
        return buf_str(w->why, "--perms given twice for the same action") < 0 ? -ENOMEM : -EINVAL;
    return mode_parse(w->value[0], w->name, &w->to->next_perms, w->why);
}

static int take_size(const struct operation_word *w)
{
    const char *text = w->value[0];
    char *end = NULL;

    if (w->to->next_size)
        return buf_str(w->why, "--size given twice for the same action") < 0 ? -ENOMEM : -EINVAL;
    errno = 0;
    unsigned long long size = strtoull(text, &end, 0);
    if (errno != 0 || !isdigit((unsigned char)text[0]) || !end || *end || size == 0)
        return buf_str(w->why, "--size takes a non-zero number of bytes") < 0 ? -ENOMEM : -EINVAL;
    if (size > SIZE_MAX / 2)
        return buf_printf(w->why, "--size (for tmpfs) is limited to %zu", (size_t)(SIZE_MAX / 2)) < 0 ? -ENOMEM : -EINVAL;
    w->to->next_size = size;
    return 0;
}

/* OP packs what number holds for an operation. */
#define OP(kind, flags) ((unsigned)(kind) | (unsigned)(flags) << 8)
#define TRY OP_OPTIONAL

static const struct operation table[] = {
    { "bind", 2, take_bind, OP(OP_BIND, 0), 0 },
    { "bind-try", 2, take_bind, OP(OP_BIND, TRY), 0 },
    { "dev-bind", 2, take_bind, OP(OP_BIND, OP_DEVICES), 0 },
    { "dev-bind-try", 2, take_bind, OP(OP_BIND, OP_DEVICES | TRY), 0 },
    { "ro-bind", 2, take_bind, OP(OP_BIND, OP_READ_ONLY), 0 },
    { "ro-bind-try", 2, take_bind, OP(OP_BIND, OP_READ_ONLY | TRY), 0 },
    { "bind-fd", 2, take_bind_fd, OP(OP_BIND, OP_CHECKED), OPERATION_FD },
    { "ro-bind-fd", 2, take_bind_fd, OP(OP_BIND, OP_CHECKED | OP_READ_ONLY), OPERATION_FD },
    { "remount-ro", 1, take_target, OP(OP_REMOUNT, OP_READ_ONLY), 0 },
    { "overlay-src", 1, take_layer, 0, OPERATION_LAYERS },
    { "overlay", 3, take_union, 0, OPERATION_LAYERS },
    { "tmp-overlay", 1, take_union, 1, OPERATION_LAYERS },
    { "ro-overlay", 1, take_union, 2, OPERATION_LAYERS },
    { "proc", 1, take_target, OP(OP_PROC, 0), 0 },
    { "dev", 1, take_target, OP(OP_DEV, 0), 0 },
    { "tmpfs", 1, take_target, OP(OP_TMPFS, 0), 0 },
    { "mqueue", 1, take_target, OP(OP_MQUEUE, 0), 0 },
    { "dir", 1, take_target, OP(OP_DIR, 0), 0 },
    { "file", 2, take_data, OP(OP_FILE, 0), OPERATION_FD },
    { "bind-data", 2, take_data, OP(OP_BIND_DATA, 0), OPERATION_FD },
    { "ro-bind-data", 2, take_data, OP(OP_BIND_DATA, OP_READ_ONLY), OPERATION_FD },
    { "symlink", 2, take_symlink, 0, 0 },
    { "perms", 1, take_perms, 0, OPERATION_MODIFIER },
    { "size", 1, take_size, 0, OPERATION_MODIFIER },
    { "chmod", 2, take_chmod, OP(OP_CHMOD, 0), 0 },
};

const struct operation *operation_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *operation_bind_name(const struct op *op)
{
    for (size_t i = 0; i < ELEMENTSOF(table); i++)
        if (table[i].take == (op->fd >= 0 ? take_bind_fd : take_bind) && table[i].number == OP(OP_BIND, op->flags))
            return table[i].name;
    return "bind";
}

int operation_take(struct operations *to, const struct operation *row, const char *name, char *const *value, struct buf *why)
{
    struct operation_word word = { to, name, value, row->number, why };
    return row->take(&word);
}

static const char layers_alone[] =
    "--overlay-src must be followed by another --overlay-src or one of --overlay, --tmp-overlay, or --ro-overlay";

static int refuse(struct buf *why, const char *text)
{
    return buf_str(why, text) < 0 ? -ENOMEM : -EINVAL;
}

int operations_check(const struct operations *to, unsigned flags, struct buf *why)
{
    if (!(flags & OPERATION_MODIFIER) && to->next_perms >= 0)
        return refuse(why, "--perms must be followed by an option that creates a file");
    if (!(flags & OPERATION_MODIFIER) && to->next_size)
        return refuse(why, "--size must be followed by --tmpfs");
    return !(flags & OPERATION_LAYERS) && to->next_layers.n ? refuse(why, layers_alone) : 0;
}

int operations_end(const struct operations *to, struct buf *why)
{
    return to->next_layers.n ? refuse(why, layers_alone) : 0;
}
