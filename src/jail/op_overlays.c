/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "jail/mounts.h"
#include "jail/ops.h"
#include "jail/view_place.h"
#include "sys/syscalls.h"

/* Copy on write: the host's directory below, a tmpfs for the changes above it. Both are first mounted on the target
 * themselves, as overlayfs takes its layers by name, and vanish under the overlay. */
int op_overlay(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int lower = TAKE_FD(view->sources[i]);
    if (lower < 0)
        return 0; /* optional and missing */
    _cleanup_close_ int target = point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return view_fail(view, op, target, "cannot be mounted on");
    int r = mount_new("tmpfs", target, SYS_MS_NOSUID | SYS_MS_NODEV, "mode=700");
    _cleanup_close_ int upper = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    if (upper < 0)
        return view_fail(view, op, upper, "cannot have a tmpfs for its changes");
    if (mkdirat(upper, "upper", 0755) < 0 || mkdirat(upper, "work", 0755) < 0)
        return view_fail(view, op, -errno, "cannot have directories for its changes");
    r = mount_attach(lower, upper);
    if (r < 0)
        return view_fail(view, op, r, "cannot be bound");

    char data[128];
    snprintf(data, sizeof(data), "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work,"
             "userxattr", lower, upper, upper);
    r = mount_new("overlay", lower, view_mount_flags(op), data);
    if (r < 0)
        return view_fail(view, op, r, "cannot be had copy on write (overlayfs in a user namespace; see --doctor)");
    return view_placed(view, op, &rules, NULL);
}

/* A tmpfs of its own for a union's changes. The union is mounted over it, as in op_overlay(). */
static int make_upper(const struct point_rules *rules, int *ret_upper)
{
    _cleanup_close_ int target = point_open(rules, rules->target, POINT_DIRECTORY);
    int r = target < 0 ? target : mount_new("tmpfs", target, SYS_MS_NOSUID | SYS_MS_NODEV, "mode=755");
    /* "/" is the covered root itself, as in view_placed(). */
    _cleanup_close_ int upper = r < 0 ? r : point_open(rules, rules->target[1] ? rules->target : "/..", POINT_DIRECTORY);
    if (upper < 0)
        return upper;
    if (mkdirat(upper, "upper", 0755) < 0 || mkdirat(upper, "work", 0755) < 0)
        return -errno;
    *ret_upper = TAKE_FD(upper);
    return 0;
}

/* Layers are named by fd: neither a path's signs nor its length nor what happens to it then matter. */
static int union_options(const struct view *view, size_t i, int upper, struct buf *options)
{
    const struct plan *plan = view->plan;
    const char *comma = "";
    int r = 0;
    size_t layer = i + 1;

    if (plan->ops[i].source)
        r = buf_printf(options, "upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d,", view->sources[i],
                       view->sources[layer++]);
    else if (upper >= 0)
        r = buf_printf(options, "upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work,", upper, upper);
    if (r >= 0)
        r = buf_str(options, "lowerdir=");
    for (; layer < plan->n && plan->ops[layer].kind == OP_LAYER && r >= 0; layer++, comma = ":")
        r = buf_printf(options, "%s/proc/self/fd/%d", comma, view->sources[layer]);
    return r < 0 ? r : buf_str(options, ",userxattr");
}

int op_union(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    struct point_rules rules = view_rules(view, op);
    _cleanup_buf_ struct buf options = { 0 };
    _cleanup_close_ int upper = -1;
    int r = op->source || op->flags & OP_READ_ONLY ? 0 : make_upper(&rules, &upper);
    _cleanup_close_ int target = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return view_fail(view, op, target, "cannot be mounted on");
    r = union_options(view, i, upper, &options);
    if (r >= 0)
        r = mount_new("overlay", target, SYS_MS_NOSUID | SYS_MS_NODEV | (op->flags & OP_NO_EXEC ? SYS_MS_NOEXEC : 0),
                      options.data);
    return r < 0 ? view_fail(view, op, r, "cannot be had as an overlay") : view_placed(view, op, &rules, NULL);
}
