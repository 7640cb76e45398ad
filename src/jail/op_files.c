/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "jail/mounts.h"
#include "jail/ops.h"
#include "jail/view_place.h"
#include "lockdown/landlock.h"
#include "sys/syscalls.h"

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

/* -EEXIST: something else is there, described in why; of bubblewrap's in its words, which programs look for. */
static int compare_symlink(struct view *view, const struct op *op, int parent, const char *name)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(parent, name, text, sizeof(text) - 1);
    int error = n < 0 ? errno : 0;

    text[n < 0 ? 0 : n] = '\0';
    if (n >= 0 && strcmp(text, op->data) == 0)
        return 0;
    view->failed = op;
    if (!view->plan->bubblewrap)
        buf_printf(view->why, "%s: %s: ", op->origin.file, op->target);
    if (n >= 0)
        buf_printf(view->why, "existing destination is %s", text);
    else if (error == EINVAL)
        buf_str(view->why, "destination exists and is not a symlink");
    else
        buf_printf(view->why, "destination exists, and cannot read symlink target: %s", strerror(error));
    if (!view->plan->bubblewrap)
        buf_str(view->why, "; remove it, or leave the option out");
    return -EEXIST;
}

int op_symlink(struct view *view, const struct op *op)
{
    const char *name;
    struct point_rules rules = view_rules(view, op);
    int parent = point_parent(&rules, rules.target, &name);
    if (parent < 0)
        return view_fail(view, op, parent, "its directory cannot be made");
    int r = op->flags & OP_ASKED ? point_own(&rules, parent) : 0;
    if (r == -EROFS && faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        r = -EEXIST; /* the host's, which may be alike */
    if (r >= 0 && symlinkat(op->data, parent, name) == 0)
        return 0;
    r = r < 0 ? r : -errno;
    if (r == -EEXIST && (view->plan->bubblewrap || op->flags & OP_ASKED))
        return compare_symlink(view, op, parent, name);
    if (r == -EEXIST)
        r = renew_symlink(&rules, op, parent, name);
    return r < 0 ? view_fail(view, op, r, "symlink cannot be made") : 0;
}

/* What is at the target is a symlink that leads nowhere. */
static bool is_lost_link(const struct point_rules *rules)
{
    const char *name;
    struct stat st;
    _cleanup_close_ int there = point_open(rules, rules->target, POINT_ANY);
    _cleanup_close_ int parent = there == -ENOENT || there == -ELOOP ? point_open_parent(rules, rules->target, &name) : -1;
    return parent >= 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

int op_dir(struct view *view, const struct op *op)
{
    struct point_rules rules = view_rules(view, op);
    bool named = view->plan->bubblewrap || op->flags & OP_ASKED;
    _cleanup_close_ int fd = point_open_directory(&rules, rules.target, named ? op->mode : 0755);
    if (fd < 0 && view->plan->bubblewrap && is_lost_link(&rules))
        return 0; /* the name is there, which is all that bubblewrap's mkdir(2) says */
    if (fd < 0)
        return view_fail(view, op, fd, "directory cannot be made");
    int r = view->plan->bubblewrap ? view_allow(view, op, fd, true) : 0; /* it is the command's to use */
    return r < 0 ? view_fail(view, op, r, "cannot be described to Landlock") : 0;
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
static int write_file(struct view *view, const struct op *op, int directory, const char *name)
{
    _cleanup_close_ int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = write_content(op, fd);
    view->failed_content = r < 0;
    if (r < 0)
        return r;
    return fchmod(fd, op->mode) < 0 ? -errno : TAKE_FD(fd);
}

/* As bubblewrap does it, creat(2): what is there is written over and keeps its mode, what a symlink there names is made. */
static int write_over(struct view *view, const struct op *op, int directory, const char *name)
{
    _cleanup_close_ int fd = sys_openat2_create(directory, name, O_WRONLY | O_EXCL, op->mode, RESOLVE_NO_SYMLINKS);
    if (fd == -EEXIST) {
        cleanup_close(&fd);
        fd = sys_openat2(view->root, op->target, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY,
                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    }
    if (fd == -ENOENT) {
        cleanup_close(&fd);
        fd = sys_openat2_create(view->root, op->target, O_WRONLY | O_TRUNC, op->mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    }
    int r = fd < 0 ? fd : write_content(op, fd);
    view->failed_content = fd >= 0 && r < 0;
    return r < 0 ? r : TAKE_FD(fd);
}

/* In our own plans, where only the jail's own file systems are written to: what an earlier run has left in a home that is kept
 * is replaced, never followed nor written to. */
static int write_anew(struct view *view, const struct op *op, int directory, const char *name)
{
    if (op->flags & OP_ASKED && unlinkat(directory, name, 0) < 0 && errno != ENOENT)
        return -errno;
    return write_file(view, op, directory, name);
}

int op_file(struct view *view, const struct op *op)
{
    const char *name;
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int parent = point_open_parent(&rules, rules.target, &name);
    if (parent < 0)
        return view_fail(view, op, parent, "its directory cannot be made");
    int r = point_own(&rules, parent);
    _cleanup_close_ int fd = r < 0 ? r : view->plan->bubblewrap ? write_over(view, op, parent, name)
                                                                : write_anew(view, op, parent, name);
    if (fd < 0)
        return view_fail(view, op, fd, "file cannot be written");
    r = view->ruleset < 0 ? 0 : landlock_allow(view->ruleset, view->landlock_abi, fd, LANDLOCK_READ, false);
    return r < 0 ? view_fail(view, op, r, "cannot be described to Landlock") : 0;
}

/* As do_file, but over whatever is at target, on any file system: from a file in the tmpfs of the root made ahead, which
 * loses its name when it is attached (not before: move_mount(2) refuses it then). */
int op_bind_data(struct view *view, size_t i)
{
    static const char name[] = ".agentjail-data";
    const struct op *op = &view->plan->ops[i];
    _cleanup_close_ int fd = write_file(view, op, view->data, name);
    int mount = fd < 0 ? fd : mount_clone(fd, view_attributes(op), 0);
    if (mount < 0)
        return view_fail(view, op, mount, "file cannot be written");
    int r = view_place(view, i, mount, false);
    if (unlinkat(view->data, name, 0) < 0 && r >= 0)
        r = view_fail(view, op, -errno, "file cannot lose its name");
    return r;
}

int op_chmod(struct view *view, const struct op *op)
{
    struct point_rules rules = view_rules(view, op);
    _cleanup_close_ int fd = point_open(&rules, rules.target, POINT_ANY);
    int r = fd < 0 ? fd : point_own(&rules, fd);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fchmod(2) takes no O_PATH */
    if (r >= 0 && chmod(path, op->mode) < 0)
        r = -errno;
    return r < 0 ? view_fail(view, op, r, "mode cannot be changed") : 0;
}
