/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/ops.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "jail/dev.h"
#include "jail/mounts.h"
#include "jail/proc.h"
#include "jail/view_place.h"
#include "sys/syscalls.h"

static int is_directory(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 ? -errno : S_ISDIR(st.st_mode);
}

/* A clone of what the new root shows at target itself: what is bound there keeps its attributes but for set, clear. */
static int clone_target(struct view *view, const struct op *op, uint64_t set, uint64_t clear)
{
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int fd = point_open(&rules, rules.target, POINT_ANY);
    return fd < 0 ? fd : mount_clone(fd, set, clear);
}

int op_bind(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    int mount = TAKE_FD(view->sources[i]);
    if (mount < 0 && op->source)
        return 0; /* optional and missing */
    if (mount < 0)
        mount = op->kind == OP_PIN ? clone_target(view, op, 0, 0)
                                   : clone_target(view, op, view_attributes(op), MOUNT_ATTR_NOEXEC & ~view_attributes(op));
    if (mount < 0)
        return view_fail(view, op, mount, "cannot be bound onto itself");
    int directory = is_directory(mount);
    if (directory < 0) {
        close(mount);
        return view_fail(view, op, directory, "cannot be read");
    }
    return view_place(view, i, mount, directory);
}

int op_bind_link(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    const char *name;
    struct point_rules rules = { .root = view->root, .no_symlinks = true, .own_mounts = view->own_mounts,
                                 .n_own = view->n_own };
    _cleanup_close_ int dir = point_open_parent(&rules, op->data, &name);
    _cleanup_close_ int link = dir < 0 ? dir : openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int mount = dir < 0 ? dir : link < 0 ? -errno : mount_clone(link, view_attributes(op), 0);
    return mount < 0 ? view_fail(view, op, mount, "symlink cannot be bound") : view_place(view, i, mount, false);
}

int op_pin_link(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int link = point_open(&rules, rules.target, POINT_LINK);
    int mount = link < 0 ? link : mount_clone(link, view_attributes(op), 0);
    return mount < 0 ? view_fail(view, op, mount, "cannot be bound onto itself") : view_place(view, i, mount, false);
}

static int tmpfs_options(const struct view *view, const struct op *op, struct buf *options)
{
    int r = buf_printf(options, "mode=%o", op->mode);
    if (r >= 0 && op->size)
        r = buf_printf(options, ",size=%llu", (unsigned long long)op->size);
    if (r >= 0 && view->file_label)
        r = buf_printf(options, ",context=\"%s\"", view->file_label);
    return r;
}

/* Over the root itself: a mount that lies there can be had by no name below the old root's descriptor, so this one is made
 * first and then put there. */
static int tmpfs_root(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    int mount = mount_tmpfs(op->mode, op->size, view->file_label, view_attributes(op));
    return mount < 0 ? view_fail(view, op, mount, "cannot have a tmpfs") : view_place(view, i, mount, true);
}

int op_tmpfs(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    if (strcmp(op->target, "/") == 0)
        return tmpfs_root(view, i);
    _cleanup_buf_ struct buf data = { 0 };
    int r = tmpfs_options(view, op, &data);
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int target = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return view_fail(view, op, target, "cannot be mounted on");
    r = mount_new("tmpfs", target, view_mount_flags(op), data.data);
    return r < 0 ? view_fail(view, op, r, "cannot have a tmpfs") : view_placed(view, op, &rules, NULL);
}

int op_mask(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    const uint64_t attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    int mount;

    if (S_ISDIR(op->mode)) {
        mount = mount_nothing();
    } else {
        _cleanup_close_ int null = open("/dev/null", O_PATH | O_CLOEXEC);
        mount = null < 0 ? -errno : mount_clone(null, attr, 0);
    }
    return mount < 0 ? view_fail(view, op, mount, "cannot be hidden") : view_place(view, i, mount, S_ISDIR(op->mode));
}

int op_remount(struct view *view, const struct op *op)
{
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int fd = point_open(&rules, rules.target, POINT_ANY);
    struct mount_attr attr = { .attr_set = view_attributes(op) };
    int r = fd < 0 ? fd : sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr);
    return r < 0 ? view_fail(view, op, r, "cannot be remounted") : 0;
}

int op_staged(struct view *view, const struct op *op, int staged, const char *usual)
{
    int r = 0;
    if (staged < 0)
        return view_fail(view, op, -EBADF, "was not made");
    if (view->root_is_first || strcmp(op->target, usual) != 0) {
        struct point_rules rules = view_rules(view, op);
        r = point_attach(&rules, rules.target, POINT_DIRECTORY, staged);
        point_cache_forget(&view->points, rules.root, rules.target);
    }
    if (r < 0)
        return view_fail(view, op, r, "cannot be mounted");
    r = op->kind == OP_DEV ? view_add_own(view, staged) : 0; /* other devices are mounted in it */
    if (r >= 0)
        r = view_allow(view, op, staged, true);
    return r < 0 ? view_fail(view, op, r, "cannot be described to Landlock") : 0;
}

int op_proc(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int target = point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return view_fail(view, op, target, "cannot be mounted on");
    int r = op->source ? mount_attach(view->sources[i], target) : proc_mount(target);
    if (r < 0)
        return view_fail(view, op, r, "cannot have a procfs");
    _cleanup_close_ int proc = -1;
    r = view_placed(view, op, &rules, &proc);
    if (r >= 0)
        r = proc_cover(proc);
    return r < 0 ? view_fail(view, op, r, "cannot be covered") : 0;
}

int op_dev(struct view *view, const struct op *op)
{
    struct point_rules rules = view_rules(view, op);
    _cleanup_buf_ struct buf data = { 0 };
    int r = tmpfs_options(view, op, &data);
    _cleanup_close_ int target = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    unsigned long flags = SYS_MS_NOSUID | SYS_MS_NODEV | (op->flags & OP_NO_EXEC ? SYS_MS_NOEXEC : 0);
    r = target < 0 ? target : mount_new("tmpfs", target, flags, data.data);
    if (r < 0)
        return view_fail(view, op, r, "cannot have a tmpfs");
    _cleanup_close_ int dev = -1;
    r = view_placed(view, op, &rules, &dev);
    if (r >= 0)
        r = dev_fill_bubblewrap(dev, view->console);
    return r < 0 ? view_fail(view, op, r, "cannot be filled") : 0;
}

int op_mqueue(struct view *view, const struct op *op)
{
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int target = point_open(&rules, rules.target, POINT_DIRECTORY);
    int r = target < 0 ? target : mount_new("mqueue", target, SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, NULL);
    return r < 0 ? view_fail(view, op, r, "cannot have an mqueue") : view_placed(view, op, &rules, NULL);
}
