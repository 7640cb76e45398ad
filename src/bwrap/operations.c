/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options that make operations of the plan. */
#include "bwrap/options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "bwrap/values.h"

/* Without --perms (bubblewrap's man page). */
enum { MODE_DIRECTORY = 0755, MODE_FILE = 0666, MODE_BOUND_FILE = 0600 };

/* Below the new root, whatever it begins with: one slash before each part, none behind, no ".". */
static char *below_root(const char *path)
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

static struct op *add_op(const struct bwrap_word *w, enum op_kind kind, unsigned flags, const char *source,
                         const char *target)
{
    struct bwrap_args *args = w->args;
    _cleanup_free_ char *clean = target ? below_root(target) : NULL;
    struct op *op = target && !clean ? NULL : plan_add(&args->plan, kind, source, clean);
    if (op) {
        op->flags = flags;
        op->parents = parents_for(0);
    }
    return op;
}

static struct op *add_of(const struct bwrap_word *w, const char *source, const char *target)
{
    return add_op(w, (enum op_kind)(w->number & 0xff), w->number >> 8, source, target);
}

static void take_mode(const struct bwrap_word *w, struct op *op, mode_t usual)
{
    op->mode = w->args->next_perms >= 0 ? (mode_t)w->args->next_perms : usual;
    op->parents = parents_for(op->mode);
    w->args->next_perms = -1;
}

int bwrap_take_bind(const struct bwrap_word *w)
{
    return add_of(w, w->value[0], w->value[1]) ? 0 : -ENOMEM;
}

int bwrap_take_bind_fd(const struct bwrap_word *w)
{
    char source[40];
    int fd;
    int r = bwrap_fd_parse(w->value[0], "fd", &fd, w->why);
    if (r < 0)
        return r;
    snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
    struct op *op = add_of(w, source, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->fd = fd;
    return 0;
}

int bwrap_take_target(const struct bwrap_word *w)
{
    struct op *op = add_of(w, NULL, w->value[0]);
    if (!op)
        return -ENOMEM;
    if (op->kind == OP_DIR || op->kind == OP_TMPFS)
        take_mode(w, op, MODE_DIRECTORY);
    if (op->kind == OP_TMPFS) {
        op->size = w->args->next_size;
        w->args->next_size = 0;
    }
    if (op->kind == OP_DEV) {
        op->mode = MODE_DIRECTORY;
        w->args->needs_devpts = true;
    }
    return 0;
}

int bwrap_take_data(const struct bwrap_word *w)
{
    int fd;
    int r = bwrap_fd_parse(w->value[0], "fd", &fd, w->why);
    if (r < 0)
        return r;
    struct op *op = add_of(w, NULL, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->fd = fd;
    take_mode(w, op, op->kind == OP_FILE ? MODE_FILE : MODE_BOUND_FILE);
    return 0;
}

int bwrap_take_symlink(const struct bwrap_word *w)
{
    struct op *op = add_op(w, OP_SYMLINK, 0, NULL, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->data = strdup(w->value[0]);
    op->data_len = strlen(w->value[0]);
    return op->data ? 0 : -ENOMEM;
}

int bwrap_take_chmod(const struct bwrap_word *w)
{
    int mode;
    int r = bwrap_mode_parse(w->value[0], "--chmod", &mode, w->why);
    if (r < 0)
        return r;
    struct op *op = add_of(w, NULL, w->value[1]);
    if (!op)
        return -ENOMEM;
    op->mode = (mode_t)mode;
    return 0;
}

int bwrap_take_layer(const struct bwrap_word *w)
{
    return strv_add(&w->args->next_layers, w->value[0]);
}

/* number 0: with an upper directory of the host's, 1: a temporary one, 2: read-only. The last layer named is the
 * uppermost, which overlayfs wants first. */
int bwrap_take_union(const struct bwrap_word *w)
{
    struct strv *layers = &w->args->next_layers;
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

int bwrap_take_perms(const struct bwrap_word *w)
{
    if (w->args->next_perms >= 0)
        return buf_str(w->why, "--perms given twice for the same action") < 0 ? -ENOMEM : -EINVAL;
    return bwrap_mode_parse(w->value[0], w->name, &w->args->next_perms, w->why);
}

int bwrap_take_size(const struct bwrap_word *w)
{
    const char *text = w->value[0];
    char *end = NULL;

    if (w->args->next_size)
        return buf_str(w->why, "--size given twice for the same action") < 0 ? -ENOMEM : -EINVAL;
    errno = 0;
    unsigned long long size = strtoull(text, &end, 0);
    if (errno != 0 || !isdigit((unsigned char)text[0]) || !end || *end || size == 0)
        return buf_str(w->why, "--size takes a non-zero number of bytes") < 0 ? -ENOMEM : -EINVAL;
    if (size > SIZE_MAX / 2)
        return buf_printf(w->why, "--size (for tmpfs) is limited to %zu", (size_t)(SIZE_MAX / 2)) < 0 ? -ENOMEM : -EINVAL;
    w->args->next_size = size;
    return 0;
}
