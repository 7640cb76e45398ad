/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/view_mend.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "jail/ops.h"
#include "jail/view_place.h"

/* The grant's mount in the finished view, if it is still where the plan has put it. */
static int open_grant(struct view *view, size_t grant)
{
    const struct op *op = &view->plan->ops[grant];
    struct point_rules rules = { .root = view->root, .no_symlinks = true };
    _cleanup_close_ int fd = point_open(&rules, op->target, POINT_ANY);
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (op->flags & OP_CHECKED && (st.st_dev != op->dev || st.st_ino != op->ino))
        return -ESTALE; /* the payload has moved a directory above the grant, and put a decoy there */
    view->sources[grant] = TAKE_FD(fd);
    return 0;
}

static int mend_in(struct view *view, struct op *op, size_t index)
{
    size_t grant = view_grant_around(view->plan, index);
    int r = 0;

    view->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (view->root < 0)
        return -errno;
    if (grant != SIZE_MAX)
        r = open_grant(view, grant);
    if (op->kind == OP_BIND)
        op->source = NULL; /* what the host has put there now is what is bound onto itself */
    if (r >= 0)
        r = view_carry_out(view, index);
    return r == -EROFS ? -ENOENT : r;
}

int view_mend(const struct plan *plan, size_t index)
{
    _cleanup_buf_ struct buf why = { 0 };
    _cleanup_free_ struct op *ops = calloc(plan->n, sizeof(*ops));
    _cleanup_free_ int *sources = calloc(plan->n, sizeof(*sources));
    _cleanup_free_ uint64_t *ids = calloc(plan->n, sizeof(*ids));
    if (!ops || !sources || !ids)
        return -ENOMEM;
    memcpy(ops, plan->ops, plan->n * sizeof(*ops));
    for (size_t i = 0; i < plan->n; i++)
        sources[i] = -1;

    struct plan copy = { .ops = ops, .n = plan->n };
    struct view view = { .plan = &copy, .sources = sources, .mount_ids = ids, .root = -1, .data = -1, .ruleset = -1,
                         .stage = STAGE_EMPTY, .points = POINT_CACHE_EMPTY, .why = &why };
    int r = mend_in(&view, &ops[index], index);
    for (size_t i = 0; i < plan->n; i++)
        cleanup_close(&sources[i]);
    cleanup_close(&view.root);
    point_cache_free(&view.points);
    return r;
}
