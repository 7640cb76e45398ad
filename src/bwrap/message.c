/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/message.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void bwrap_say(const struct bwrap_args *args, const char *text)
{
    _cleanup_buf_ struct buf line = { 0 };
    const char *level = args->switches & BWRAP_LEVEL_PREFIX ? "<3>" : "";
    if (buf_printf(&line, "%sbwrap: %s\n", level, text) < 0 || write(STDERR_FILENO, line.data, line.len) < 0)
        return;
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

static int describe_bind(const struct op *op, int error, struct buf *out)
{
    struct stat st;
    bool directory = op->source && stat(op->source, &st) == 0 && S_ISDIR(st.st_mode);
    if (is_point_error(error))
        return buf_printf(out, "%s %s: %s", directory ? "Can't mkdir" : "Can't create file at", op->target, strerror(-error));
    if (!op->source)
        return buf_printf(out, "Can't create file at %s: %s", op->target, strerror(-error));
    return buf_printf(out, "Can't bind mount /oldroot%s on /newroot%s: Unable to mount source on destination: %s",
                      op->source, op->target, mount_error(error));
}

static int describe_remount(const struct op *op, int error, struct buf *out)
{
    int r = buf_printf(out, "Can't remount readonly on /newroot%s: ", op->target);
    if (r < 0 || error == -EINVAL)
        return r < 0 ? r : buf_printf(out, "Unable to find \"/newroot%s\" in mount table", op->target);
    return buf_printf(out, "Unable to remount destination \"/newroot%s\" with correct flags: %s", op->target,
                      strerror(-error));
}

static int describe_mount(const struct op *op, const char *what, int error, struct buf *out)
{
    if (is_point_error(error))
        return buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(-error));
    if (op->kind == OP_UNION && error == -ELOOP)
        return buf_printf(out, "Can't make overlay mount on /newroot%s: Overlay directories may not overlap", op->target);
    return buf_printf(out, "Can't %s on /newroot%s: %s", what, op->target, mount_error(error));
}

static int describe_pin(const struct op *op, int error, struct buf *out)
{
    if (op->kind == OP_BIND && (error == -EINVAL || error == -EPERM))
        return describe_bind(op, error, out);
    if (error == -ESTALE)
        return buf_str(out, "Race condition binding dirfd");
    return buf_printf(out, "Can't find source path %s: %s", op->source, strerror(-error));
}

int bwrap_describe(const struct view *view, int error, bool pinning, struct buf *out)
{
    const struct op *op = view->failed;
    if (!op)
        return buf_str(out, view->why->data ? view->why->data : strerror(-error));
    if (pinning)
        return describe_pin(op, error, out);
    switch (op->kind) {
    case OP_BIND:
    case OP_BIND_DATA:
        return describe_bind(op, error, out);
    case OP_REMOUNT:
        return describe_remount(op, error, out);
    case OP_SYMLINK:
        return buf_printf(out, "Can't make symlink at %s: %s", op->target,
                          error == -EEXIST ? view->why->data : strerror(-error));
    case OP_CHMOD:
        return buf_printf(out, "Can't chmod %#o %s: %s", op->mode, op->target, strerror(-error));
    case OP_FILE:
        return buf_printf(out, "Can't create file %s: %s", op->target, strerror(-error));
    case OP_TMPFS:
        return describe_mount(op, "mount tmpfs", error, out);
    case OP_PROC:
        return describe_mount(op, "mount proc", error, out);
    case OP_DEV:
        return describe_mount(op, "mount dev", error, out);
    case OP_MQUEUE:
        return describe_mount(op, "mount mqueue", error, out);
    case OP_UNION:
        return describe_mount(op, "make overlay mount", error, out);
    default:
        return buf_printf(out, "Can't mkdir %s: %s", op->target, strerror(-error));
    }
}
