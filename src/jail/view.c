/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/view.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/fence_switch.h"
#include "jail/dev.h"
#include "jail/mounts.h"
#include "jail/proc.h"
#include "lockdown/landlock.h"
#include "plan/resolve.h"
#include "sys/syscalls.h"

/* The profile's kept home, if it shows path. */
static const struct op *own_around(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->ops[i].flags & OP_OWN && plan->ops[i].source && path_within(path, plan->ops[i].target))
            return &plan->ops[i];
    return NULL;
}

static int fail(struct view *view, const struct op *op, int error, const char *what)
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
    else if (error == -ELOOP)
        buf_str(view->why, ": a symlink has appeared on the way since it was looked up");
    else if (error == -EROFS)
        buf_str(view->why, ": the mount point does not exist, and agentjail makes no files on the host; create it");
    else if (error != -ESTALE)
        buf_printf(view->why, ": %s", strerror(-error));
    return error;
}

static uint64_t attributes(const struct op *op)
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

/* bubblewrap takes what a link such as /proc/self/exe reads as, too. */
static int open_by_real_path(const char *source)
{
    char real[PATH_MAX];
    if (!realpath(source, real))
        return -errno;
    return sys_openat2(AT_FDCWD, real, O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
}

static int pin_source(struct view *view, const struct op *op, int *ret_mount)
{
    uint64_t resolve = op->flags & OP_NO_SYMLINKS && fence_on(FENCE_SYMLINKS) ? RESOLVE_NO_SYMLINKS : 0;
    _cleanup_close_ int fd = sys_openat2(AT_FDCWD, op->source, O_PATH | O_CLOEXEC, resolve | RESOLVE_NO_MAGICLINKS);
    if (fd == -ELOOP && view->plan->bubblewrap)
        fd = open_by_real_path(op->source);
    if (fd == -ENOENT && op->flags & OP_OPTIONAL)
        return 0;
    if (fd < 0)
        return fail(view, op, fd, "cannot be opened");

    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail(view, op, -errno, "cannot be read");
    if (op->flags & OP_CHECKED && (st.st_dev != op->dev || st.st_ino != op->ino) && fence_on(FENCE_SYMLINKS))
        return fail(view, op, -ESTALE, "was replaced by something else while the jail was being built; run it again");

    if (op->kind == OP_UNION || op->kind == OP_LAYER) { /* overlayfs makes its own copies */
        *ret_mount = TAKE_FD(fd);
        return 0;
    }
    int mount = view->plan->bubblewrap ? mount_clone_slave(fd, attributes(op)) : mount_clone(fd, attributes(op), 0);
    if (mount < 0)
        return fail(view, op, mount, "cannot be bound");
    *ret_mount = mount;
    return 0;
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
        const struct op *op = &view->plan->ops[i];
        view->sources[i] = -1;
        if (op->source)
            r = pin_source(view, op, &view->sources[i]);
    }
    return r;
}

/* The grant in which a watched operation's target lies. Our own homes and scratch directories above it are the payload's
 * (or another jail's, which shares the home) to rename: a path from the root may lead to a decoy, one from the grant's
 * mount does not, as what lies between the two is pinned. SIZE_MAX: there is none. */
static size_t find_grant(const struct plan *plan, size_t i)
{
    const struct op *op = &plan->ops[i];
    size_t best = SIZE_MAX;

    if (!(op->flags & OP_WATCHED) || !fence_on(FENCE_SYMLINKS))
        return best;
    for (size_t k = 0; k < i; k++) {
        const struct op *o = &plan->ops[k];
        bool grant = o->kind == OP_BIND && o->source && !(o->flags & (OP_WATCHED | OP_OWN));
        if (grant && path_within(op->target, o->target) &&
            (best == SIZE_MAX || strlen(o->target) >= strlen(plan->ops[best].target)))
            best = k;
    }
    return best;
}

/* How op's mount point is found. Op is one of the plan's. */
static struct point_rules rules_for(struct view *view, const struct op *op)
{
    size_t grant = view->sources ? find_grant(view->plan, (size_t)(op - view->plan->ops)) : SIZE_MAX;
    int root = grant == SIZE_MAX ? -1 : view->sources[grant];
    size_t skip = root < 0 || !view->plan->ops[grant].target[1] ? 0 : strlen(view->plan->ops[grant].target);
    return (struct point_rules){
        .root = root < 0 ? view->root : root,
        .target = op->target[skip] ? op->target + skip : "/",
        .no_symlinks = op->flags & OP_NO_SYMLINKS && fence_on(FENCE_SYMLINKS),
        .anywhere = view->plan->bubblewrap,
        .parents = op->parents,
        .own_mounts = view->own_mounts,
        .n_own = view->n_own,
        .cache = &view->points,
    };
}

static int add_own(struct view *view, int mount)
{
    int r = sys_mount_id(mount, &view->own_mounts[view->n_own]);
    if (r >= 0)
        view->n_own++;
    return r;
}

/* Tell Landlock what may be done at a new place; mount is its mount. */
static int allow(struct view *view, const struct op *op, int mount, bool directory)
{
    if (view->ruleset < 0)
        return 0;
    unsigned access = LANDLOCK_READ;
    if (!(op->flags & OP_READ_ONLY))
        access |= LANDLOCK_WRITE;
    if (!(op->flags & OP_NO_EXEC))
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

/* Attach a mount at the operation's target and note what it is. Takes mount. */
static int place(struct view *view, size_t i, int mount, bool directory)
{
    const struct op *op = &view->plan->ops[i];
    _cleanup_close_ int owned = mount;
    struct point_rules rules = rules_for(view, op);
    int r = point_attach(&rules, rules.target, directory ? POINT_DIRECTORY : POINT_FILE, mount);
    if (r < 0)
        return fail(view, op, r, "cannot be mounted");
    point_cache_forget(&view->points, rules.root, rules.target);
    r = take_root(view, &rules, mount);
    if (r < 0)
        return fail(view, op, r, "cannot become the root");
    if (op->flags & OP_WATCHED) {
        r = sys_mount_id(mount, &view->mount_ids[i]);
        if (r < 0)
            return fail(view, op, r, "cannot be watched");
    }
    if (op->kind == OP_TMPFS || op->flags & OP_OWN)
        r = add_own(view, mount);
    if (r >= 0 && op->kind != OP_MASK && op->kind != OP_PIN && op->kind != OP_BIND_LINK)
        r = allow(view, op, mount, directory);
    if (r < 0)
        return fail(view, op, r, "cannot be described to Landlock");
    if (op->kind == OP_BIND && op->source)
        view->sources[i] = TAKE_FD(owned); /* find_grant() */
    return 0;
}

static int is_directory(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 ? -errno : S_ISDIR(st.st_mode);
}

/* A clone of what the new root shows at target itself: what is bound there keeps its attributes but for set, clear. */
static int clone_target(struct view *view, const struct op *op, uint64_t set, uint64_t clear)
{
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int fd = point_open(&rules, rules.target, POINT_ANY);
    return fd < 0 ? fd : mount_clone(fd, set, clear);
}

static int do_bind(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    int mount = TAKE_FD(view->sources[i]);
    if (mount < 0 && op->source)
        return 0; /* optional and missing */
    if (mount < 0)
        mount = op->kind == OP_PIN ? clone_target(view, op, 0, 0)
                                   : clone_target(view, op, attributes(op), MOUNT_ATTR_NOEXEC & ~attributes(op));
    if (mount < 0)
        return fail(view, op, mount, "cannot be bound onto itself");
    int directory = is_directory(mount);
    if (directory < 0) {
        close(mount);
        return fail(view, op, directory, "cannot be read");
    }
    return place(view, i, mount, directory);
}

static unsigned long mount_flags(const struct op *op)
{
    uint64_t attr = attributes(op);
    return SYS_MS_NOSUID | (attr & MOUNT_ATTR_RDONLY ? SYS_MS_RDONLY : 0) |
           (attr & MOUNT_ATTR_NOEXEC ? SYS_MS_NOEXEC : 0) | (attr & MOUNT_ATTR_NODEV ? SYS_MS_NODEV : 0);
}

/* The mount that has just been made at the operation's target: note what it is, as place() does. */
static int placed(struct view *view, const struct op *op, const struct point_rules *rules, int *ret_fd)
{
    point_cache_forget(&view->points, rules->root, rules->target);
    /* "/" is the covered root itself; a path that goes up from it comes out on top of what covers it. */
    _cleanup_close_ int mount = point_open(rules, rules->target[1] ? rules->target : "/..", POINT_ANY);
    int r = mount < 0 ? mount : take_root(view, rules, mount);
    if (r >= 0 && op->kind == OP_TMPFS)
        r = add_own(view, mount);
    if (r >= 0)
        r = allow(view, op, mount, true);
    if (r < 0)
        return fail(view, op, r, "cannot be described to Landlock");
    if (ret_fd)
        *ret_fd = TAKE_FD(mount);
    return 0;
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
static int do_tmpfs_root(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    int mount = mount_tmpfs(op->mode, op->size, view->file_label, attributes(op));
    return mount < 0 ? fail(view, op, mount, "cannot have a tmpfs") : place(view, i, mount, true);
}

static int do_tmpfs(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    if (strcmp(op->target, "/") == 0)
        return do_tmpfs_root(view, i);
    _cleanup_buf_ struct buf data = { 0 };
    int r = tmpfs_options(view, op, &data);
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int target = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return fail(view, op, target, "cannot be mounted on");
    r = mount_new("tmpfs", target, mount_flags(op), data.data);
    return r < 0 ? fail(view, op, r, "cannot have a tmpfs") : placed(view, op, &rules, NULL);
}

/* Copy on write: the host's directory below, a tmpfs for the changes above it. Both are first mounted on the target
 * themselves, as overlayfs takes its layers by name, and vanish under the overlay. */
static int do_overlay(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int lower = TAKE_FD(view->sources[i]);
    if (lower < 0)
        return 0; /* optional and missing */
    _cleanup_close_ int target = point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return fail(view, op, target, "cannot be mounted on");
    int r = mount_new("tmpfs", target, SYS_MS_NOSUID | SYS_MS_NODEV, "mode=700");
    _cleanup_close_ int upper = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    if (upper < 0)
        return fail(view, op, upper, "cannot have a tmpfs for its changes");
    if (mkdirat(upper, "upper", 0755) < 0 || mkdirat(upper, "work", 0755) < 0)
        return fail(view, op, -errno, "cannot have directories for its changes");
    r = mount_attach(lower, upper);
    if (r < 0)
        return fail(view, op, r, "cannot be bound");

    char data[128];
    snprintf(data, sizeof(data), "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work,"
             "userxattr", lower, upper, upper);
    r = mount_new("overlay", lower, mount_flags(op), data);
    if (r < 0)
        return fail(view, op, r, "cannot be had copy on write (overlayfs in a user namespace; see --doctor)");
    return placed(view, op, &rules, NULL);
}

/* A tmpfs of its own for a union's changes. The union is mounted over it, as in do_overlay(). */
static int make_upper(const struct point_rules *rules, int *ret_upper)
{
    _cleanup_close_ int target = point_open(rules, rules->target, POINT_DIRECTORY);
    int r = target < 0 ? target : mount_new("tmpfs", target, SYS_MS_NOSUID | SYS_MS_NODEV, "mode=755");
    _cleanup_close_ int upper = r < 0 ? r : point_open(rules, rules->target, POINT_DIRECTORY);
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

static int do_union(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    struct point_rules rules = rules_for(view, op);
    _cleanup_buf_ struct buf options = { 0 };
    _cleanup_close_ int upper = -1;
    int r = op->source || op->flags & OP_READ_ONLY ? 0 : make_upper(&rules, &upper);
    _cleanup_close_ int target = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return fail(view, op, target, "cannot be mounted on");
    r = union_options(view, i, upper, &options);
    if (r >= 0)
        r = mount_new("overlay", target, SYS_MS_NOSUID | SYS_MS_NODEV, options.data);
    return r < 0 ? fail(view, op, r, "cannot be had as an overlay") : placed(view, op, &rules, NULL);
}

/* The host's procfs where the pid namespace is shared: the operation has a source then. */
static int do_own_proc(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int target = point_open(&rules, rules.target, POINT_DIRECTORY);
    if (target < 0)
        return fail(view, op, target, "cannot be mounted on");
    int r = op->source ? mount_attach(view->sources[i], target) : proc_mount(target);
    if (r < 0)
        return fail(view, op, r, "cannot have a procfs");
    _cleanup_close_ int proc = -1;
    r = placed(view, op, &rules, &proc);
    if (r >= 0)
        r = proc_cover(proc);
    return r < 0 ? fail(view, op, r, "cannot be covered") : 0;
}

static int do_own_dev(struct view *view, const struct op *op)
{
    struct point_rules rules = rules_for(view, op);
    _cleanup_buf_ struct buf data = { 0 };
    int r = tmpfs_options(view, op, &data);
    _cleanup_close_ int target = r < 0 ? r : point_open(&rules, rules.target, POINT_DIRECTORY);
    r = target < 0 ? target : mount_new("tmpfs", target, SYS_MS_NOSUID | SYS_MS_NODEV, data.data);
    if (r < 0)
        return fail(view, op, r, "cannot have a tmpfs");
    _cleanup_close_ int dev = -1;
    r = placed(view, op, &rules, &dev);
    if (r >= 0)
        r = dev_fill_bubblewrap(dev, view->console);
    return r < 0 ? fail(view, op, r, "cannot be filled") : 0;
}

static int do_mqueue(struct view *view, const struct op *op)
{
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int target = point_open(&rules, rules.target, POINT_DIRECTORY);
    int r = target < 0 ? target : mount_new("mqueue", target, SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, NULL);
    return r < 0 ? fail(view, op, r, "cannot have an mqueue") : placed(view, op, &rules, NULL);
}

/* /proc and /dev were made ahead: they are in place already, or move to where the plan wants them. */
static int do_staged(struct view *view, const struct op *op, int staged, const char *usual)
{
    int r = 0;
    if (staged < 0)
        return fail(view, op, -EBADF, "was not made");
    if (view->root_is_first || strcmp(op->target, usual) != 0) {
        struct point_rules rules = rules_for(view, op);
        r = point_attach(&rules, rules.target, POINT_DIRECTORY, staged);
        point_cache_forget(&view->points, rules.root, rules.target);
    }
    if (r < 0)
        return fail(view, op, r, "cannot be mounted");
    r = op->kind == OP_DEV ? add_own(view, staged) : 0; /* other devices are mounted in it */
    if (r >= 0)
        r = allow(view, op, staged, true);
    return r < 0 ? fail(view, op, r, "cannot be described to Landlock") : 0;
}

/* Nothing can be read, listed or written there: a tmpfs of mode 0 over a directory; over a file the null device without
 * permission to open devices, which answers EACCES (as systemd's InaccessiblePaths= does). */
static int do_mask(struct view *view, size_t i)
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
    return mount < 0 ? fail(view, op, mount, "cannot be hidden") : place(view, i, mount, S_ISDIR(op->mode));
}

/* In a home that is kept, the link of an earlier run, which may lead to a version that is gone: replaced at once, as another
 * jail may be using it. What is no link there is the payload's own and stays. */
static int renew_symlink(const struct point_rules *rules, const struct op *op, int parent, const char *name)
{
    char text[PATH_MAX], fresh[64];
    ssize_t n = readlinkat(parent, name, text, sizeof(text));
    if (n >= 0 && (size_t)n == op->data_len && memcmp(text, op->data, op->data_len) == 0)
        return 0;
    int r = point_own(rules, parent);
    if (r < 0)
        return 0; /* the host's, which shows what it has */
    if (n < 0)
        return errno == EINVAL ? -ENOTDIR : -errno;
    uint32_t random;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return -EIO;
    snprintf(fresh, sizeof(fresh), ".agentjail-link-%08x", random);
    if (symlinkat(op->data, parent, fresh) < 0)
        return -errno;
    if (renameat(parent, fresh, parent, name) < 0) {
        r = -errno;
        unlinkat(parent, fresh, 0);
    }
    return r;
}

/* -EEXIST: something else is there, described in why in bubblewrap's words, which programs look for. */
static int compare_symlink(struct view *view, const struct op *op, int parent, const char *name)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(parent, name, text, sizeof(text) - 1);
    int error = n < 0 ? errno : 0;

    text[n < 0 ? 0 : n] = '\0';
    if (n >= 0 && strcmp(text, op->data) == 0)
        return 0;
    view->failed = op;
    if (n >= 0)
        buf_printf(view->why, "existing destination is %s", text);
    else if (error == EINVAL)
        buf_str(view->why, "destination exists and is not a symlink");
    else
        buf_printf(view->why, "destination exists, and cannot read symlink target: %s", strerror(error));
    return -EEXIST;
}

static int do_symlink(struct view *view, const struct op *op)
{
    const char *name;
    struct point_rules rules = rules_for(view, op);
    int parent = point_parent(&rules, rules.target, &name);
    if (parent < 0)
        return fail(view, op, parent, "its directory cannot be made");
    if (symlinkat(op->data, parent, name) == 0)
        return 0;
    int r = -errno;
    if (r == -EEXIST && view->plan->bubblewrap)
        return compare_symlink(view, op, parent, name);
    if (r == -EEXIST)
        r = renew_symlink(&rules, op, parent, name);
    return r < 0 ? fail(view, op, r, "symlink cannot be made") : 0;
}

static int do_dir(struct view *view, const struct op *op)
{
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int fd = point_open_directory(&rules, rules.target, view->plan->bubblewrap ? op->mode : 0755);
    return fd < 0 ? fail(view, op, fd, "directory cannot be made") : 0;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* The operation's content, its own or what its fd gives until its end. */
static int write_content(const struct op *op, int fd)
{
    char chunk[16384];
    if (op->fd < 0)
        return write_all(fd, op->data, op->data_len);
    for (;;) {
        ssize_t n = read(op->fd, chunk, sizeof(chunk));
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        int r = n < 0 ? -errno : write_all(fd, chunk, (size_t)n);
        if (r < 0)
            return r;
    }
}

/* A new file with the operation's content, in directory. */
static int write_file(const struct op *op, int directory, const char *name)
{
    _cleanup_close_ int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = write_content(op, fd);
    if (r < 0)
        return r;
    return fchmod(fd, op->mode) < 0 ? -errno : TAKE_FD(fd);
}

/* As bubblewrap does it, creat(2): what is there is written over, and keeps its mode. */
static int write_over(const struct view *view, const struct op *op, int directory, const char *name)
{
    _cleanup_close_ int fd = sys_openat2_create(directory, name, O_WRONLY | O_EXCL, op->mode, RESOLVE_NO_SYMLINKS);
    if (fd == -EEXIST) {
        cleanup_close(&fd);
        fd = sys_openat2(view->root, op->target, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY,
                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    }
    int r = fd < 0 ? fd : write_content(op, fd);
    return r < 0 ? r : TAKE_FD(fd);
}

static int do_file(struct view *view, const struct op *op)
{
    const char *name;
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int parent = point_open_parent(&rules, rules.target, &name);
    if (parent < 0)
        return fail(view, op, parent, "its directory cannot be made");
    int r = point_own(&rules, parent);
    _cleanup_close_ int fd = r < 0 ? r : view->plan->bubblewrap ? write_over(view, op, parent, name)
                                                                : write_file(op, parent, name);
    if (fd < 0)
        return fail(view, op, fd, "file cannot be written");
    r = view->ruleset < 0 ? 0 : landlock_allow(view->ruleset, view->landlock_abi, fd, LANDLOCK_READ, false);
    return r < 0 ? fail(view, op, r, "cannot be described to Landlock") : 0;
}

/* As do_file, but over whatever is at target, on any file system: from a file in the tmpfs of the root made ahead, which
 * loses its name when it is attached (not before: move_mount(2) refuses it then). */
static int do_bind_data(struct view *view, size_t i)
{
    static const char name[] = ".agentjail-data";
    const struct op *op = &view->plan->ops[i];
    _cleanup_close_ int fd = write_file(op, view->data, name);
    int mount = fd < 0 ? fd : mount_clone(fd, attributes(op), 0);
    if (mount < 0)
        return fail(view, op, mount, "file cannot be written");
    int r = place(view, i, mount, false);
    if (unlinkat(view->data, name, 0) < 0 && r >= 0)
        r = fail(view, op, -errno, "file cannot lose its name");
    return r;
}

/* A mount whose root is a symlink: whoever walks to target is led on, whoever renames or removes target is refused. The
 * symlink itself is one that an earlier operation has made in the jail's own root. */
static int do_bind_link(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];
    const char *name;
    struct point_rules rules = { .root = view->root, .no_symlinks = true, .own_mounts = view->own_mounts,
                                 .n_own = view->n_own };
    _cleanup_close_ int dir = point_open_parent(&rules, op->data, &name);
    _cleanup_close_ int link = dir < 0 ? dir : openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int mount = dir < 0 ? dir : link < 0 ? -errno : mount_clone(link, attributes(op), 0);
    return mount < 0 ? fail(view, op, mount, "symlink cannot be bound") : place(view, i, mount, false);
}

static int do_chmod(struct view *view, const struct op *op)
{
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int fd = point_open(&rules, rules.target, POINT_ANY);
    int r = fd < 0 ? fd : point_own(&rules, fd);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fchmod(2) takes no O_PATH */
    if (r >= 0 && chmod(path, op->mode) < 0)
        r = -errno;
    return r < 0 ? fail(view, op, r, "mode cannot be changed") : 0;
}

/* New attributes for the mount at target alone. */
static int do_remount(struct view *view, const struct op *op)
{
    struct point_rules rules = rules_for(view, op);
    _cleanup_close_ int fd = point_open(&rules, rules.target, POINT_ANY);
    struct mount_attr attr = { .attr_set = attributes(op) };
    int r = fd < 0 ? fd : sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr);
    return r < 0 ? fail(view, op, r, "cannot be remounted") : 0;
}

static int do_op(struct view *view, size_t i)
{
    const struct op *op = &view->plan->ops[i];

    switch (op->kind) {
    case OP_BIND:
    case OP_PIN:
        return do_bind(view, i);
    case OP_TMPFS:
        return do_tmpfs(view, i);
    case OP_MASK:
        return do_mask(view, i);
    case OP_SYMLINK:
        return do_symlink(view, op);
    case OP_DIR:
        return do_dir(view, op);
    case OP_FILE:
        return do_file(view, op);
    case OP_REMOUNT:
        return do_remount(view, op);
    case OP_PROC:
        return view->plan->bubblewrap ? do_own_proc(view, i) : do_staged(view, op, view->stage.proc, "/proc");
    case OP_UNION:
        return do_union(view, i);
    case OP_LAYER:
        return 0; /* the union's */
    case OP_OVERLAY:
        return do_overlay(view, i);
    case OP_MQUEUE:
        return do_mqueue(view, op);
    case OP_BIND_DATA:
        return do_bind_data(view, i);
    case OP_BIND_LINK:
        return do_bind_link(view, i);
    case OP_CHMOD:
        return do_chmod(view, op);
    case OP_DEV:
        return view->plan->bubblewrap ? do_own_dev(view, op) : do_staged(view, op, view->stage.dev, "/dev");
    }
    return fail(view, op, -EOPNOTSUPP, "operation");
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
        int r = add_own(view, view->root);
        if (r < 0 || view->ruleset < 0)
            return r;
        return landlock_allow(view->ruleset, view->landlock_abi, view->root, LANDLOCK_LIST, true);
    }

    _cleanup_close_ int staging = point_open_staging();
    if (staging < 0)
        return staging;
    view->root = TAKE_FD(view->sources[0]);
    int r = mount_attach(view->root, staging);
    return r < 0 ? r : allow(view, first, view->root, true);
}

/* Close the sources, but for those that watched operations are anchored at. */
static void keep_anchors(struct view *view)
{
    size_t n = view->plan->n;
    for (size_t i = 0; i < n; i++) {
        size_t grant = view->mount_ids[i] ? find_grant(view->plan, i) : SIZE_MAX;
        const char *target = grant == SIZE_MAX ? "" : view->plan->ops[grant].target;
        view->anchors[i].fd = grant == SIZE_MAX ? -1 : view->sources[grant];
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
    for (size_t i = 0; i < view->plan->n && r >= 0; i++) {
        if (i == 0 && view->root_is_first)
            continue;
        r = do_op(view, i);
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

bool view_left_host(void)
{
    struct statx root;
    struct statx above;
    const int flags = AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW;
    return statx(AT_FDCWD, "/", flags, STATX_MNT_ID, &root) == 0 && statx(AT_FDCWD, "/..", flags, STATX_MNT_ID, &above) == 0 &&
           root.stx_mask & above.stx_mask & STATX_MNT_ID && root.stx_mnt_id == above.stx_mnt_id;
}

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
    size_t grant = find_grant(view->plan, index);
    int r = 0;

    view->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (view->root < 0)
        return -errno;
    if (grant != SIZE_MAX)
        r = open_grant(view, grant);
    if (op->kind == OP_BIND)
        op->source = NULL; /* what the host has put there now is what is bound onto itself */
    if (r >= 0)
        r = do_op(view, index);
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
