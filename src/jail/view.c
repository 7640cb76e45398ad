/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/view.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fence_switch.h"
#include "jail/ops.h"
#include "jail/view_place.h"
#include "lockdown/landlock.h"
#include "sys/syscalls.h"

/* bubblewrap takes what a link such as /proc/self/exe reads as, too. */
static int open_by_real_path(const char *source)
{
    char real[PATH_MAX];
    if (!realpath(source, real))
        return -errno;
    return sys_openat2(AT_FDCWD, real, O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
}

static int open_source(struct view *view, const struct op *op, int *ret_mount)
{
    uint64_t resolve = op->flags & OP_NO_SYMLINKS && fence_on(FENCE_SYMLINKS) ? RESOLVE_NO_SYMLINKS : 0;
    _cleanup_close_ int fd = sys_openat2(AT_FDCWD, op->source, O_PATH | O_CLOEXEC, resolve | RESOLVE_NO_MAGICLINKS);
    if (fd == -ELOOP && view->plan->bubblewrap)
        fd = open_by_real_path(op->source);
    if (fd == -ENOENT && op->flags & OP_OPTIONAL)
        return 0;
    if (fd < 0)
        return view_fail(view, op, fd, "cannot be opened");

    struct stat st;
    if (fstat(fd, &st) < 0)
        return view_fail(view, op, -errno, "cannot be read");
    if (op->flags & OP_CHECKED && (st.st_dev != op->dev || st.st_ino != op->ino) && fence_on(FENCE_SYMLINKS))
        return view_fail(view, op, -ESTALE, "was replaced by something else while the jail was being built; run it again");

    if (op->kind == OP_UNION || op->kind == OP_LAYER) { /* overlayfs makes its own copies */
        *ret_mount = TAKE_FD(fd);
        return 0;
    }
    int mount = view->plan->bubblewrap ? mount_clone_slave(fd, view_attributes(op)) : mount_clone(fd, view_attributes(op), 0);
    if (mount < 0)
        return view_fail(view, op, mount, "cannot be bound");
    *ret_mount = mount;
    return 0;
}

static int pin_source(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    int r = op->source ? open_source(view, op, &view->sources[i]) : 0;
    view->failed_source = r < 0;
    return r;
}

int view_pin(struct view *view)
{
    size_t n = view->plan->n;
    view->sources = malloc((n + 1) * sizeof(*view->sources));
    view->mount_ids = calloc(n + 1, sizeof(*view->mount_ids));
    view->anchors = calloc(n + 1, sizeof(*view->anchors));
    view->own_mounts = calloc(n + 4, sizeof(*view->own_mounts));
    if (!view->sources || !view->mount_ids || !view->anchors || !view->own_mounts)
        return -ENOMEM;

    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++) {
        view->sources[i] = -1;
        if (!view->late || i == 0)
            r = pin_source(view, i);
    }
    return r;
}

static int carry_out(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];

    switch (op->kind) {
    case OP_BIND:
    case OP_PIN:
        return op_bind(view, i);
    case OP_TMPFS:
        return op_tmpfs(view, i);
    case OP_MASK:
        return op_mask(view, i);
    case OP_SYMLINK:
        return op_symlink(view, op);
    case OP_DIR:
        return op_dir(view, op);
    case OP_FILE:
        return op_file(view, op);
    case OP_REMOUNT:
        return op_remount(view, op);
    case OP_PROC:
        return view->plan->bubblewrap ? op_proc(view, i) : op_staged(view, op, view->stage.proc, "/proc");
    case OP_UNION:
        return op_union(view, i);
    case OP_LAYER:
        return 0; /* the union's */
    case OP_OVERLAY:
        return op_overlay(view, i);
    case OP_MQUEUE:
        return op_mqueue(view, op);
    case OP_BIND_DATA:
        return op_bind_data(view, i);
    case OP_BIND_LINK:
        return op_bind_link(view, i);
    case OP_PIN_LINK:
        return op_pin_link(view, i);
    case OP_CHMOD:
        return op_chmod(view, op);
    case OP_DEV:
        return view->plan->bubblewrap ? op_dev(view, op) : op_staged(view, op, view->stage.dev, "/dev");
    }
    return view_fail(view, op, -EOPNOTSUPP, "operation");
}

/* With what it needs for itself and no longer: the layers of a union are operations behind it. */
static int carry_out_late(struct view *view, size_t i)
{
    size_t end = i + 1;
    while (end < view->plan->n && view->plan->ops[i].kind == OP_UNION && view->plan->ops[end].kind == OP_LAYER)
        end++;
    int r = 0;
    for (size_t k = i; k < end && r >= 0; k++)
        if (view->sources[k] < 0 && view->plan->ops[i].kind != OP_LAYER)
            r = pin_source(view, k);
    if (r >= 0)
        r = carry_out(view, i);
    for (size_t k = i; k < end; k++)
        cleanup_close(&view->sources[k]);
    return r;
}

int view_carry_out(struct view *view, size_t i)
{
    return view->late ? carry_out_late(view, i) : carry_out(view, i);
}

/* The root is the one made ahead, or the host's when a grant says so. */
static int choose_root(struct view *view)
{
    const struct op *first = view->plan->n ? &view->plan->ops[0] : NULL;
    view->root_is_first = first && first->kind == OP_BIND && strcmp(first->target, "/") == 0 && view->sources[0] >= 0;
    view->data = fcntl(view->stage.root, F_DUPFD_CLOEXEC, 3);
    if (view->data < 0)
        return -errno;
    if (!view->root_is_first) {
        view->root = TAKE_FD(view->stage.root);
        int r = view_add_own(view, view->root);
        if (r < 0 || view->ruleset < 0)
            return r;
        return landlock_allow(view->ruleset, view->landlock_abi, view->root, LANDLOCK_LIST, true);
    }

    /* bubblewrap's messages need the host's tree as it is. */
    _cleanup_close_ int staging = view->plan->bubblewrap ? fcntl(view->stage.root, F_DUPFD_CLOEXEC, 3) : point_open_staging();
    if (staging < 0)
        return staging;
    view->root = TAKE_FD(view->sources[0]);
    int r = mount_attach(view->root, staging);
    return r < 0 ? r : view_allow(view, first, view->root, true);
}

/* Close the sources, but for those that watched operations are anchored at. */
static void keep_anchors(struct view *view)
{
    size_t n = view->plan->n;
    for (size_t i = 0; i < n; i++) {
        size_t grant = view->mount_ids[i] ? view_grant_around(view->plan, i) : SIZE_MAX;
        const char *target = grant == SIZE_MAX ? "" : view->plan->ops[grant].target;
        view->anchors[i].fd = grant == SIZE_MAX ? -1 : view->sources[grant];
        view->anchors[i].whole = -1;
        view->anchors[i].skip = view->anchors[i].fd >= 0 && target[1] ? strlen(target) : 0;
        if (view->anchors[i].fd >= 0)
            view->anchors[grant].skip = SIZE_MAX; /* a grant is not watched itself: mark it as kept */
    }
    for (size_t i = 0; i < n; i++)
        if (view->anchors[i].skip != SIZE_MAX)
            cleanup_close(&view->sources[i]);
}

int view_build(struct view *view)
{
    int r = choose_root(view);
    if (r < 0)
        buf_printf(view->why, "the jail's root cannot be made: %s", strerror(-r));
    if (r < 0 && view->root_is_first)
        view->failed = &view->plan->ops[0];
    for (size_t i = 0; i < view->plan->n && r >= 0; i++) {
        if (i == 0 && view->root_is_first)
            continue;
        r = view_carry_out(view, i);
    }
    keep_anchors(view);
    return r;
}

int view_enter(struct view *view)
{
    int r = fchdir(view->root) < 0 ? -errno : sys_pivot_root(".", ".");
    if (r >= 0 && chdir("/") < 0)
        r = -errno;
    if (r < 0)
        buf_printf(view->why, "the jail's root cannot be entered: %s", strerror(-r));
    close(TAKE_FD(view->root));
    cleanup_close(&view->data);
    point_cache_free(&view->points);
    return r;
}

int view_leave_host(void)
{
    if (!fence_on(FENCE_HOST_ROOT))
        return 0;
    return sys_umount("/", SYS_MNT_DETACH); /* umount(2) takes what lies on top: pivot_root(2) has put it there */
}
