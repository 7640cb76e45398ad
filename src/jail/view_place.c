/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/view_place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "base/path.h"
#include "lockdown/landlock.h"
#include "sys/syscalls.h"

/* The profile's kept home, if it shows path. */
static const struct op *own_around(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->ops[i].flags & OP_OWN && plan->ops[i].source && path_within(path, plan->ops[i].target))
            return &plan->ops[i];
    return NULL;
}

int view_fail(struct view *view, const struct op *op, int error, const char *what)
{
    const char *path = op->target ? op->target : op->source;
    view->failed = op;
    if (op->origin.file && op->origin.line == ORIGIN_REASON)
        buf_printf(view->why, "%s: ", op->origin.file);
    else if (op->origin.file && op->origin.line)
        buf_printf(view->why, "%s:%u: ", op->origin.file, op->origin.line);
    buf_printf(view->why, "%s: %s", path, what);
    bool in_way = (error == -ELOOP || error == -ENOTDIR) && !(op->flags & OP_WATCHED);
    const struct op *home = in_way ? own_around(view->plan, path) : NULL;
    if (home)
        buf_printf(view->why, ": something else is in its way in the profile's home, which an earlier command has put "
                   "there; look below %s and remove it", home->source);
    else if (error == -ELOOP && op->flags & OP_ASKED && !(op->flags & OP_WATCHED))
        buf_str(view->why, ": a symlink is on the way to it; name the place that it leads to");
    else if (error == -EROFS && op->kind == OP_CHMOD)
        buf_str(view->why, ": it is the host's, where agentjail changes nothing; leave it out");
    else if (error == -EROFS && (op->kind == OP_FILE || op->kind == OP_SYMLINK))
        buf_str(view->why, ": it would lie on the host, where agentjail makes no files; name a place of the jail's own, "
                "or write --bind-data over a file");
    else if (error == -ELOOP)
        buf_str(view->why, ": a symlink has appeared on the way since it was looked up");
    else if (error == -EROFS)
        buf_str(view->why, ": the mount point does not exist, and agentjail makes no files on the host; create it");
    else if (error != -ESTALE)
        buf_printf(view->why, ": %s", strerror(-error));
    if (!view->plan->bubblewrap && (error == -EACCES || error == -ENOENT || error == -ENOTDIR))
        buf_printf(view->why, "; %s, or leave it out", error == -EACCES ? "it is not for you: have its owner change that"
                                                                        : "make it");
    return error;
}

bool view_fail_says_all(int error)
{
    static const int files[] = { EACCES, EEXIST, ENOENT, ENOTDIR, ELOOP, EROFS };
    for (size_t i = 0; i < ELEMENTSOF(files); i++)
        if (error == -files[i])
            return true;
    return false;
}

uint64_t view_attributes(const struct op *op)
{
    uint64_t attr = MOUNT_ATTR_NOSUID;
    if (op->flags & OP_READ_ONLY && fence_on(FENCE_READ_ONLY))
        attr |= MOUNT_ATTR_RDONLY;
    if (op->flags & OP_NO_EXEC && fence_on(FENCE_NOEXEC))
        attr |= MOUNT_ATTR_NOEXEC;
    if (!(op->flags & OP_DEVICES) && fence_on(FENCE_NODEV))
        attr |= MOUNT_ATTR_NODEV;
    return attr;
}

unsigned long view_mount_flags(const struct op *op)
{
    uint64_t attr = view_attributes(op);
    return SYS_MS_NOSUID | (attr & MOUNT_ATTR_RDONLY ? SYS_MS_RDONLY : 0) |
           (attr & MOUNT_ATTR_NOEXEC ? SYS_MS_NOEXEC : 0) | (attr & MOUNT_ATTR_NODEV ? SYS_MS_NODEV : 0);
}

static bool is_grant(const struct op *op)
{
    return op->kind == OP_BIND && op->source && !(op->flags & (OP_WATCHED | OP_OWN));
}

size_t view_grant_around(const struct plan *plan, size_t i)
{
    const struct op *op = &plan->ops[i];
    size_t best = SIZE_MAX;

    if (!(op->flags & OP_WATCHED) || !fence_on(FENCE_SYMLINKS))
        return best;
    bool behind = plan->bubblewrap || op->flags & OP_ASKED; /* one may cover another: what is held stands behind its own bind */
    for (size_t k = i; behind && k > 0; k--)
        if (is_grant(&plan->ops[k - 1]))
            return path_within(op->target, plan->ops[k - 1].target) ? k - 1 : best;
    for (size_t k = 0; k < i; k++) {
        const struct op *o = &plan->ops[k];
        bool grant = is_grant(o);
        if (grant && path_within(op->target, o->target) &&
            (best == SIZE_MAX || strlen(o->target) >= strlen(plan->ops[best].target)))
            best = k;
    }
    return best;
}

struct point_rules view_rules(struct view *view, const struct op *op)
{
    size_t grant = view->sources ? view_grant_around(view->plan, (size_t)(op - view->plan->ops)) : SIZE_MAX;
    int root = grant == SIZE_MAX ? -1 : view->sources[grant];
    size_t skip = root < 0 || !view->plan->ops[grant].target[1] ? 0 : strlen(view->plan->ops[grant].target);
    return (struct point_rules){
        .root = root < 0 ? view->root : root,
        .target = op->target[skip] ? op->target + skip : "/",
        .no_symlinks = op->flags & OP_NO_SYMLINKS && fence_on(FENCE_SYMLINKS),
        .anywhere = view->plan->bubblewrap && !(op->flags & OP_WATCHED), /* what is held is there */
        .parents = op->parents,
        .own_mounts = view->own_mounts,
        .n_own = view->n_own,
        .cache = &view->points,
    };
}

int view_add_own(struct view *view, int mount)
{
    int r = sys_mount_id(mount, &view->own_mounts[view->n_own]);
    if (r >= 0)
        view->n_own++;
    return r;
}

int view_allow(struct view *view, const struct op *op, int mount, bool directory)
{
    if (view->ruleset < 0)
        return 0;
    unsigned access = LANDLOCK_READ;
    if (!(op->flags & OP_READ_ONLY))
        access |= LANDLOCK_WRITE;
    if (!(op->flags & (OP_NO_EXEC | OP_MAP_ONLY)))
        access |= LANDLOCK_EXEC;
    if (op->flags & OP_DEVICES)
        access |= LANDLOCK_DEVICE;
    if (op->kind == OP_PROC)
        access = LANDLOCK_READ | LANDLOCK_MODIFY;
    if (op->kind == OP_DEV)
        access = LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_DEVICE;
    return landlock_allow(view->ruleset, view->landlock_abi, mount, access, directory);
}

/* What was mounted over the root is the root from here on. */
static int take_root(struct view *view, const struct point_rules *rules, int mount)
{
    if (rules->root != view->root || strcmp(rules->target, "/") != 0)
        return 0;
    int copy = fcntl(mount, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return -errno;
    point_cache_free(&view->points);
    close(view->root);
    view->root = copy;
    return 0;
}

/* Another file has its name since it was pinned, as when a program saves it: the kernel attaches nothing that has none. */
static bool is_replaced(const struct view *view, const struct op *op, int mount)
{
    struct stat st;
    return op->source && !view->plan->bubblewrap && fstat(mount, &st) == 0 && st.st_nlink == 0;
}

int view_place(struct view *view, size_t i, int mount, bool directory)
{
    const struct op *op = &view->plan->ops[i];
    _cleanup_close_ int owned = mount;
    struct point_rules rules = view_rules(view, op);
    enum point_kind kind = op->kind == OP_PIN_LINK ? POINT_LINK : directory ? POINT_DIRECTORY : POINT_FILE;
    int r = point_attach(&rules, rules.target, kind, mount);
    if (r == -ENOENT && is_replaced(view, op, mount))
        return view_fail(view, op, -ESTALE, "was replaced by something else while the jail was being built; run it again");
    if (r < 0)
        return view_fail(view, op, r, "cannot be mounted");
    point_cache_forget(&view->points, rules.root, rules.target);
    r = take_root(view, &rules, mount);
    if (r < 0)
        return view_fail(view, op, r, "cannot become the root");
    if (op->flags & OP_WATCHED) {
        r = sys_mount_id(mount, &view->mount_ids[i]);
        if (r < 0)
            return view_fail(view, op, r, "cannot be watched");
    }
    if (op->kind == OP_TMPFS || op->flags & OP_OWN)
        r = view_add_own(view, mount);
    if (r >= 0 && op->kind != OP_MASK && op->kind != OP_PIN && op->kind != OP_BIND_LINK && op->kind != OP_PIN_LINK)
        r = view_allow(view, op, mount, directory);
    if (r < 0)
        return view_fail(view, op, r, "cannot be described to Landlock");
    if (op->kind == OP_BIND && op->source)
        view->sources[i] = TAKE_FD(owned); /* view_grant_around() */
    return 0;
}

int view_placed(struct view *view, const struct op *op, const struct point_rules *rules, int *ret_fd)
{
    point_cache_forget(&view->points, rules->root, rules->target);
    /* "/" is the covered root itself; a path that goes up from it comes out on top of what covers it. */
    _cleanup_close_ int mount = point_open(rules, rules->target[1] ? rules->target : "/..", POINT_ANY);
    int r = mount < 0 ? mount : take_root(view, rules, mount);
    if (r >= 0 && op->kind == OP_TMPFS)
        r = view_add_own(view, mount);
    if (r >= 0)
        r = view_allow(view, op, mount, true);
    if (r < 0)
        return view_fail(view, op, r, "cannot be described to Landlock");
    if (ret_fd)
        *ret_fd = TAKE_FD(mount);
    return 0;
}
