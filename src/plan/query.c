/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/query.h"

#include <string.h>

#include "base/path.h"

/* The root that everything is put into, and directories made on the way, show nothing of the host's by themselves. */
static enum view_kind kind_of(const struct op *op)
{
    switch (op->kind) {
    case OP_BIND:
        if (op->source && op->flags & OP_ASKED)
            return VIEW_HOST;
        return !op->source || strcmp(op->source, op->target) != 0 ? VIEW_PRIVATE : VIEW_HOST;
    case OP_UNION:
        return op->source || op->flags & OP_READ_ONLY ? VIEW_HOST : VIEW_COPY;
    case OP_OVERLAY:
        return VIEW_COPY;
    case OP_MASK:
        return VIEW_HIDDEN;
    case OP_TMPFS:
    case OP_DIR:
    case OP_FILE:
    case OP_BIND_DATA:
    case OP_SYMLINK:
    case OP_PROC:
    case OP_DEV:
    case OP_MQUEUE:
        return VIEW_PRIVATE;
    default:
        return VIEW_NOTHING;
    }
}

/* Directories made as mount points and links show no more than themselves. */
static bool covers(const struct op *op, const char *path)
{
    if (op->kind == OP_DIR || op->kind == OP_FILE || op->kind == OP_BIND_DATA || op->kind == OP_SYMLINK)
        return strcmp(path, op->target) == 0;
    return path_within(path, op->target);
}

struct view_answer plan_query(const struct plan *plan, const char *path)
{
    struct view_answer answer = { 0 };
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->ops[i];
        if (op->kind == OP_REMOUNT && answer.op && strcmp(op->target, answer.op->target) == 0) {
            answer.writable = answer.writable && !(op->flags & OP_READ_ONLY);
            answer.exec = answer.exec && !(op->flags & (OP_NO_EXEC | OP_MAP_ONLY));
            continue;
        }
        enum view_kind kind = kind_of(op);
        if (kind == VIEW_NOTHING || !covers(op, path))
            continue;
        bool file = op->kind == OP_PROC || op->kind == OP_DEV || op->kind == OP_MASK || op->kind == OP_SYMLINK;
        answer = (struct view_answer){
            .kind = kind,
            .writable = !(op->flags & OP_READ_ONLY) && !file,
            .exec = !(op->flags & (OP_NO_EXEC | OP_MAP_ONLY)) && !file,
            .op = op,
        };
        /* a directory of the jail's own bound onto itself: exec on a part of what is private already */
        if (op->kind == OP_BIND && !op->source)
            answer.kind = VIEW_PRIVATE;
    }
    return answer;
}
