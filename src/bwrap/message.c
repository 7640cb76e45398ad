/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/syscalls.h"

/* What bubblewrap says depends on which of its calls would have failed: what is at a place tells that. */
struct place {
    bool no_parent; /* what is above it is no directory, or is not there */
    int lost_parent; /* what is above it is a symlink that cannot be followed: why, -errno */
    bool lost_link; /* it is a symlink that leads nowhere */
    mode_t mode;    /* 0: it is not there */
    int error;      /* 0, or why it cannot be had, -errno */
};

void bwrap_say(const struct bwrap_args *args, const char *text)
{
    _cleanup_buf_ struct buf line = { 0 };
    const char *level = args->switches & BWRAP_LEVEL_PREFIX ? "<3>" : "";
    if (buf_printf(&line, "%sbwrap: %s\n", level, text) < 0 || write(STDERR_FILENO, line.data, line.len) < 0)
        return;
}

static int open_below(const struct view *view, const char *path, int flags)
{
    return sys_openat2(view->root, path, O_PATH | O_CLOEXEC | flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

static struct place look_at(const struct view *view, const char *target)
{
    struct place place = { 0 };
    struct stat st;
    char parent[PATH_MAX];
    const char *slash = strrchr(target, '/');
    size_t len = slash && slash > target ? (size_t)(slash - target) : 1;

    _cleanup_close_ int fd = open_below(view, target, 0);
    if (fd >= 0 && fstat(fd, &st) == 0)
        place.mode = st.st_mode;
    place.error = fd < 0 ? fd : 0;
    if (fd >= 0 || !slash || len >= sizeof(parent))
        return place;
    memcpy(parent, target, len);
    parent[len] = '\0';
    _cleanup_close_ int above = open_below(view, parent, O_DIRECTORY);
    place.no_parent = above < 0;
    _cleanup_close_ int link = above < 0 ? open_below(view, parent, O_NOFOLLOW) : -1;
    if (link >= 0 && fstat(link, &st) == 0 && S_ISLNK(st.st_mode))
        place.lost_parent = above;
    place.lost_link = above >= 0 && fstatat(above, slash + 1, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
    return place;
}

/* "No space left on device" is the limit on mounts here. */
static const char *mount_error(int error)
{
    return error == -ENOSPC ? "Limit exceeded (ENOSPC). (Hint: Check that /proc/sys/fs/mount-max is sufficient, "
                              "typically 100000)"
                            : strerror(-error);
}

/* Errors of making a mount point, which mounting itself does not have. */
static bool is_point_error(int error)
{
    return error == -ENOENT || error == -EACCES || error == -EROFS || error == -ENOTDIR || error == -EISDIR ||
           error == -ELOOP || error == -EEXIST;
}

static int describe_file(const struct op *op, const struct place *place, int error, struct buf *out)
{
    const char *at = op->kind == OP_FILE ? "" : "at ";
    return buf_printf(out, "Can't create file %s%s: %s", at, op->target, strerror(S_ISDIR(place->mode) ? EISDIR : -error));
}

/* Source and target are both directories, or neither is. */
static int describe_bind(const struct op *op, const struct place *place, int error, struct buf *out)
{
    struct stat st;
    char real[PATH_MAX];
    bool found = op->source && (op->fd >= 0 ? fstat(op->fd, &st) : stat(op->source, &st)) == 0;
    bool directory = found && S_ISDIR(st.st_mode);
    if (!op->source || (!directory && S_ISDIR(place->mode)))
        return describe_file(op, place, error, out);
    if (directory && place->mode && !S_ISDIR(place->mode))
        return buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(ENOTDIR));
    if (is_point_error(error) && !place->lost_link)
        return directory ? buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(-error))
                         : describe_file(op, place, error, out);
    return buf_printf(out, "Can't bind mount /oldroot%s on /newroot%s: Unable to mount source on destination: %s",
                      realpath(op->source, real) ? real : op->source, op->target,
                      mount_error(place->lost_link ? place->error : error));
}

static int describe_remount(const struct op *op, const struct place *place, int error, struct buf *out)
{
    int r = buf_printf(out, "Can't remount readonly on /newroot%s: ", op->target);
    if (r < 0 || error == -EINVAL)
        return r < 0 ? r : buf_printf(out, "Unable to find \"/newroot%s\" in mount table", op->target);
    if (place->error)
        return buf_printf(out, "realpath(destination): %s", strerror(-place->error));
    return buf_printf(out, "Unable to remount destination \"/newroot%s\" with correct flags: %s", op->target,
                      strerror(-error));
}

/* A layer as overlayfs is told of it (its own signs escaped). */
static int add_layer(const char *before, const char *source, struct buf *out)
{
    char real[PATH_MAX];
    const char *path = realpath(source, real) ? real : source;
    int r = buf_printf(out, "%s/oldroot", before);
    for (; *path && r >= 0; path++)
        r = buf_printf(out, strchr("\\,:", *path) ? "\\%c" : "%c", *path);
    return r;
}

/* What bubblewrap would have mounted it with. */
static int describe_layers(const struct view *view, const struct op *op, struct buf *out)
{
    const struct op *all = view->plan->ops, *layer = op + 1, *end = all + view->plan->n;
    unsigned number = 0;
    int r = buf_str(out, " with options ");
    for (const struct op *o = all; o < op; o++)
        number += o->kind == OP_UNION && !o->source && !(o->flags & OP_READ_ONLY);
    if (op->source && r >= 0) {
        r = add_layer("upperdir=", op->source, out);
        r = r < 0 ? r : add_layer(",workdir=", layer++->source, out);
        r = r < 0 ? r : buf_char(out, ',');
    } else if (!(op->flags & OP_READ_ONLY) && r >= 0) {
        r = buf_printf(out, "upperdir=/tmp-overlay-upper-%u,workdir=/tmp-overlay-work-%u,", number, number);
    }
    const char *before = "lowerdir=";
    for (; layer < end && layer->kind == OP_LAYER && r >= 0; layer++, before = ":")
        r = add_layer(before, layer->source, out);
    return r < 0 ? r : buf_str(out, ",userxattr");
}

static int describe_union(const struct view *view, const struct op *op, const struct place *place, int error, struct buf *out)
{
    bool overlap = error == -ELOOP && S_ISDIR(place->mode);
    if (is_point_error(error) && !place->lost_link && !overlap)
        return buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(-error));
    int r = buf_printf(out, "Can't make overlay mount on /newroot%s", op->target);
    if (r >= 0)
        r = describe_layers(view, op, out);
    if (r < 0)
        return r;
    return buf_printf(out, ": %s", overlap ? "Overlay directories may not overlap" : mount_error(error));
}

static int describe_mount(const struct op *op, const struct place *place, const char *what, int error, struct buf *out)
{
    bool point = is_point_error(error);
    if (point && !place->lost_link)
        return buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(-error));
    return buf_printf(out, "Can't %s on /newroot%s: %s", what, op->target, mount_error(point ? place->error : error));
}

static int describe_symlink(const struct view *view, const struct op *op, int error, struct buf *out)
{
    const char *what = error == -EEXIST  ? view->why->data
                       : op->target[1] ? strerror(-error)
                                       : "destination exists and is not a symlink"; /* the root */
    return buf_printf(out, "Can't make symlink at %s: %s", op->target, what);
}

static int describe_pin(const struct op *op, int error, struct buf *out)
{
    static const struct place nowhere = { 0 };
    if (op->kind == OP_BIND && (error == -EINVAL || error == -EPERM))
        return describe_bind(op, &nowhere, error, out);
    if (error == -ESTALE)
        return buf_str(out, "Race condition binding dirfd");
    return buf_printf(out, "Can't find source path %s: %s", op->source, strerror(-error));
}

static int describe(const struct view *view, const struct op *op, const struct place *place, int error, struct buf *out)
{
    switch (op->kind) {
    case OP_BIND:
    case OP_BIND_DATA:
        return describe_bind(op, place, error, out);
    case OP_REMOUNT:
        return describe_remount(op, place, error, out);
    case OP_SYMLINK:
        return describe_symlink(view, op, error, out);
    case OP_CHMOD:
        return buf_printf(out, "Can't chmod %#o %s: %s", op->mode, op->target, strerror(-error));
    case OP_FILE:
        return describe_file(op, place, error, out);
    case OP_TMPFS:
        return describe_mount(op, place, "mount tmpfs", error, out);
    case OP_PROC:
        return describe_mount(op, place, "mount proc", error, out);
    case OP_DEV:
        return describe_mount(op, place, "mount dev", error, out);
    case OP_MQUEUE:
        return describe_mount(op, place, "mount mqueue", error, out);
    case OP_UNION:
        return describe_union(view, op, place, error, out);
    default:
        return buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(-error));
    }
}

int bwrap_describe(const struct view *view, int error, struct buf *out)
{
    const struct op *op = view->failed;
    if (!op)
        return buf_str(out, view->why->data ? view->why->data : strerror(-error));
    if (op->origin.file) /* a ceiling's own */
        return buf_str(out, view->why->data ? view->why->data : strerror(-error));
    if (view->failed_source)
        return describe_pin(op, error, out);
    if (view->failed_content)
        return buf_printf(out, "Can't write data to file %s: %s", op->target, strerror(-error));
    struct place place = { .mode = S_IFDIR };
    if (op != view->plan->ops || !view->root_is_first) /* else there is no root to look at */
        place = look_at(view, op->target);
    if (place.lost_parent && is_point_error(error) && op->kind != OP_CHMOD && op->kind != OP_REMOUNT)
        return buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(-place.lost_parent));
    if (place.no_parent && op->kind != OP_CHMOD && (op->kind != OP_REMOUNT || error != -ENOENT))
        return buf_printf(out, "Can't mkdir parents for %s: %s", op->target, strerror(-error));
    return describe(view, op, &place, error, out);
}
