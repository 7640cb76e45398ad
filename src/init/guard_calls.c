/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each call finds its places, judges them, and is made with their directories and last names, which hold no symlink to follow
 * any more: so what was judged is what is done. Errors are the kernel's own wherever it is asked; a refusal is EACCES, as if
 * the directory could not be written. */
#include "init/guard_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/guard_judge.h"
#include "init/guard_place.h"
#include "init/guard_sockets.h"
#include "sys/syscalls.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

#define MODE_BITS 07777
#define O_TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

static int as_error(long r)
{
    return r < 0 ? -errno : (int)r;
}

/* New files are made with the asker's umask, or the directory's default ACL. */
static void take_umask(const struct asker *a)
{
    umask(guard_asker_umask(a));
}

static int still(const struct asker *a)
{
    return guard_asker_waits(a) ? 0 : -ESRCH;
}

static int find(struct asker *a, int dirfd, uint64_t path, enum place_want want, struct place *p)
{
    place_init(p);
    return guard_place_find(a, dirfd, path, want, p);
}

/* A name that something new is to come to. One that is taken is EEXIST to programs, protected or not. */
static int judge_new(const struct asker *a, const struct place *p, enum judge_what what)
{
    int r = guard_judge(a->guard, p, what);
    struct stat st;
    if (r < 0 && fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return r < 0 ? r : still(a);
}

static int make(struct asker *a, int dirfd, uint64_t path, mode_t mode, bool directory, dev_t device)
{
    struct place p _cleanup_place_;
    int r = find(a, dirfd, path, PLACE_NAME, &p);
    if (r == 0)
        r = judge_new(a, &p, directory ? JUDGE_DIRECTORY : JUDGE_OTHER);
    if (r < 0)
        return r;
    take_umask(a);
    return as_error(directory ? mkdirat(p.dir, p.name, mode) : mknodat(p.dir, p.name, mode, device));
}

static int make_symlink(struct asker *a, uint64_t text_at, int dirfd, uint64_t path)
{
    char text[PATH_MAX];
    struct place p _cleanup_place_;
    place_init(&p);
    ssize_t n = guard_asker_string(a, text_at, text);
    if (n <= 0)
        return n < 0 ? (int)n : -ENOENT;
    observe_text(&a->guard->observe, text);
    int r = find(a, dirfd, path, PLACE_NAME, &p);
    if (r == 0)
        r = judge_new(a, &p, JUDGE_OTHER);
    return r < 0 ? r : as_error(symlinkat(text, p.dir, p.name));
}

static int remove_name(struct asker *a, int dirfd, uint64_t path, int flags)
{
    struct place p _cleanup_place_;
    int r = find(a, dirfd, path, PLACE_NAME, &p);
    if (r < 0)
        return r;
    r = guard_judge(a->guard, &p, JUDGE_GONE);
    if (r < 0)
        return fstatat(p.dir, p.name, &p.st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : r;
    r = still(a);
    return r < 0 ? r : as_error(unlinkat(p.dir, p.name, flags));
}

/* What a second name would be made for: the file at the path, or behind a descriptor of the asker's. */
static int find_linked(struct asker *a, int dirfd, uint64_t path, int flags, struct place *p)
{
    char text[PATH_MAX];
    place_init(p);
    if (flags & AT_EMPTY_PATH && guard_asker_string(a, path, text) == 0)
        return guard_place_of_fd(a, dirfd, p);
    int r = find(a, dirfd, path, flags & AT_SYMLINK_FOLLOW ? PLACE_FOLLOW : PLACE_NOFOLLOW, p);
    return r == 0 && p->target < 0 ? -ENOENT : r;
}

static int make_link(struct asker *a, int dirfd, uint64_t old, int newdirfd, uint64_t new, int flags)
{
    struct place from _cleanup_place_, to _cleanup_place_;
    place_init(&from);
    place_init(&to);
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int r = find_linked(a, dirfd, old, flags, &from);
    if (r == 0)
        r = find(a, newdirfd, new, PLACE_NAME, &to);
    if (r == 0)
        r = guard_judge(a->guard, &from, JUDGE_GONE); /* written by its other name it would change, too */
    if (r == 0)
        r = judge_new(a, &to, JUDGE_OTHER);
    if (r < 0)
        return r;
    if (!from.by_fd)
        return as_error(linkat(from.dir, from.name, to.dir, to.name, 0));
    char entry[32];
    snprintf(entry, sizeof(entry), "self/fd/%d", from.target);
    return as_error(linkat(a->guard->proc, entry, to.dir, to.name, AT_SYMLINK_FOLLOW));
}

/* One direction of a rename. */
static int judge_rename(const struct asker *a, const struct place *from, const struct place *to)
{
    if (from->target >= 0 && S_ISDIR(from->st.st_mode))
        return guard_judge_move(a->guard, from, to);
    int r = guard_judge(a->guard, from, JUDGE_GONE);
    return r < 0 ? r : guard_judge(a->guard, to, JUDGE_OTHER);
}

static int rename_name(struct asker *a, int dirfd, uint64_t old, int newdirfd, uint64_t new, unsigned flags)
{
    struct place from _cleanup_place_, to _cleanup_place_;
    place_init(&to);
    int r = find(a, dirfd, old, PLACE_NOFOLLOW, &from);
    if (r == 0)
        r = find(a, newdirfd, new, PLACE_NOFOLLOW, &to);
    if (r < 0)
        return r;
    if (from.target < 0)
        return -ENOENT;
    r = judge_rename(a, &from, &to);
    if (r == 0 && flags & RENAME_EXCHANGE && to.target >= 0)
        r = judge_rename(a, &to, &from);
    if (r == 0)
        r = still(a);
    return r < 0 ? r : as_error(syscall(SYS_renameat2, from.dir, from.name, to.dir, to.name, flags));
}

/* What openat(2) knows; the rest it ignores, which openat2(2) does not. */
#define OPEN_FLAGS \
    (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_SYNC | O_DSYNC | O_ASYNC | O_DIRECT | O_DIRECTORY | O_NOFOLLOW | \
     O_NOATIME)

/* openat2(2) says to follow no symlink, and the descriptor does not show it, as it would O_NOFOLLOW. */
static int open_name(const struct place *p, int flags, mode_t mode)
{
    struct open_how how = { .flags = (unsigned)flags & (OPEN_FLAGS | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
                            .mode = flags & O_CREAT ? mode : 0, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    return (int)syscall(SYS_openat2, p->dir, p->name, &how, sizeof(how));
}

/* Nothing is to wait, for a FIFO's other end or who has a lease: O_NONBLOCK, until it is open. */
static int open_place(const struct asker *a, const struct place *p, int flags, mode_t mode)
{
    int open_flags = flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    char entry[32];
    int fd;
    if (p->by_fd) {
        snprintf(entry, sizeof(entry), "self/fd/%d", p->target);
        fd = openat(a->guard->proc, entry, open_flags & ~(O_CREAT | O_NOFOLLOW), mode);
    } else {
        fd = open_name(p, open_flags, mode);
    }
    if (fd < 0)
        return -errno;
    if (!(flags & O_NONBLOCK)) {
        int now = fcntl(fd, F_GETFL);
        if (now < 0 || fcntl(fd, F_SETFL, now & ~O_NONBLOCK) < 0) {
            close(fd);
            return -EIO;
        }
    }
    return fd;
}

/* /dev/tty is another file for each session. */
static int open_terminal(const struct asker *a, int flags)
{
    char path[32];
    int number = guard_asker_terminal(a);
    if (number < 0)
        return number;
    int dev = openat(a->guard->root, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dev < 0)
        return -errno;
    struct place p;
    place_init(&p);
    p.dir = dev;
    snprintf(path, sizeof(path), "pts/%d", number);
    p.name = path;
    int fd = open_place(a, &p, flags & ~O_CREAT, 0);
    close(dev);
    return fd;
}

static bool would_wait(const struct place *p, int flags, int error)
{
    if (flags & O_NONBLOCK || p->target < 0)
        return false;
    bool reader_less = error == -ENXIO && S_ISFIFO(p->st.st_mode) && (flags & O_ACCMODE) == O_WRONLY;
    return reader_less || (error == -EWOULDBLOCK && S_ISREG(p->st.st_mode));
}

/* A nameless file in a directory; a name for it comes by linkat(2). */
static int open_nameless(struct asker *a, const struct place *p, int flags, mode_t mode)
{
    if (p->target < 0)
        return -ENOENT;
    if (!S_ISDIR(p->st.st_mode))
        return -ENOTDIR;
    int r = still(a);
    if (r < 0)
        return r;
    take_umask(a);
    int fd = as_error(openat(p->target, ".", flags | O_CLOEXEC, mode));
    if (fd >= 0)
        observe_nameless(&a->guard->observe, a->guard, fd);
    return fd;
}

static int open_there(struct asker *a, const struct place *p, int flags, mode_t mode)
{
    bool fails = S_ISLNK(p->st.st_mode) || S_ISDIR(p->st.st_mode) || (flags & O_CREAT && flags & O_EXCL);
    int r = 0;
    if (!fails) /* else the kernel knows why */
        r = guard_place_permitted(a, p) ? guard_judge(a->guard, p, JUDGE_OTHER) : -EACCES;
    if (r == 0)
        r = still(a);
    if (r < 0)
        return r;
    if (S_ISCHR(p->st.st_mode) && p->st.st_rdev == makedev(5, 0))
        return open_terminal(a, flags);
    take_umask(a);
    return open_place(a, p, flags, mode);
}

static int open_new(struct asker *a, const struct place *p, int flags, mode_t mode)
{
    if (!(flags & O_CREAT))
        return -ENOENT;
    int r = guard_judge(a->guard, p, JUDGE_OTHER);
    if (r == 0)
        r = still(a);
    if (r < 0)
        return r;
    take_umask(a);
    return open_place(a, p, flags, mode);
}

static void open_file(struct asker *a, int dirfd, uint64_t path, int flags, mode_t mode, struct answer *ret)
{
    struct place p _cleanup_place_;
    bool nofollow = flags & O_NOFOLLOW || (flags & O_CREAT && flags & O_EXCL && !(flags & O_TMPFILE_BIT));
    int fd = find(a, dirfd, path, nofollow ? PLACE_NOFOLLOW : PLACE_FOLLOW, &p);
    mode &= MODE_BITS;
    if (fd == 0 && flags & O_TMPFILE_BIT)
        fd = open_nameless(a, &p, flags, mode);
    else if (fd == 0)
        fd = p.target >= 0 ? open_there(a, &p, flags, mode) : open_new(a, &p, flags, mode);
    if (fd >= 0)
        *ret = (struct answer){ .how = ANSWER_DESCRIPTOR, .fd = fd, .close_on_exec = flags & O_CLOEXEC };
    else if (would_wait(&p, flags, fd))
        ret->how = ANSWER_LATER;
    else
        ret->value = fd;
}

/* By an open, which does not wait for a lease's holder; truncate(2) would. */
static void truncate_file(struct asker *a, uint64_t path, int64_t length, struct answer *ret)
{
    struct place p _cleanup_place_;
    int r = find(a, AT_FDCWD, path, PLACE_FOLLOW, &p);
    if (r == 0 && length < 0)
        r = -EINVAL;
    if (r == 0 && (p.target < 0 || !S_ISREG(p.st.st_mode)))
        r = p.target < 0 ? -ENOENT : S_ISDIR(p.st.st_mode) ? -EISDIR : -EINVAL;
    if (r < 0) {
        ret->value = r;
        return;
    }
    _cleanup_close_ int fd = open_there(a, &p, O_WRONLY, 0);
    if (fd >= 0)
        ret->value = as_error(ftruncate(fd, length));
    else if (would_wait(&p, O_WRONLY, fd))
        ret->how = ANSWER_LATER;
    else
        ret->value = fd;
}

/* By the new names; the old ones, which not every architecture has, are led here. */
static bool perform_at(struct asker *a, struct answer *ret)
{
    const __u64 *v = a->call->data.args;
    int dirfd = (int)v[0];
    switch (a->call->data.nr) {
    case SYS_openat:
        open_file(a, dirfd, v[1], (int)v[2], (mode_t)v[3], ret);
        return true;
    case SYS_mkdirat:
        ret->value = make(a, dirfd, v[1], (mode_t)v[2], true, 0);
        return true;
    case SYS_mknodat:
        ret->value = make(a, dirfd, v[1], (mode_t)v[2], false, (dev_t)(unsigned)v[3]);
        return true;
    case SYS_symlinkat:
        ret->value = make_symlink(a, v[0], (int)v[1], v[2]);
        return true;
    case SYS_unlinkat:
        ret->value = remove_name(a, dirfd, v[1], (int)v[2]);
        return true;
    case SYS_linkat:
        ret->value = make_link(a, dirfd, v[1], (int)v[2], v[3], (int)v[4]);
        return true;
    case SYS_renameat2:
        ret->value = rename_name(a, dirfd, v[1], (int)v[2], v[3], (unsigned)v[4]);
        return true;
    case SYS_truncate:
        truncate_file(a, v[0], (int64_t)v[1], ret);
        return true;
    case SYS_umask: /* no pointer: the kernel does what was asked */
        a->guard->own_umasks = true;
        ret->how = ANSWER_CONTINUE;
        return true;
    default:
        return false;
    }
}

static void perform_old(struct asker *a, struct answer *ret)
{
    const __u64 *v = a->call->data.args;
    switch (a->call->data.nr) {
#ifdef SYS_renameat
    case SYS_renameat:
        ret->value = rename_name(a, (int)v[0], v[1], (int)v[2], v[3], 0);
        break;
#endif
#ifdef SYS_rename
    case SYS_open:
        open_file(a, AT_FDCWD, v[0], (int)v[1], (mode_t)v[2], ret);
        break;
    case SYS_creat:
        open_file(a, AT_FDCWD, v[0], O_CREAT | O_WRONLY | O_TRUNC, (mode_t)v[1], ret);
        break;
    case SYS_mkdir:
        ret->value = make(a, AT_FDCWD, v[0], (mode_t)v[1], true, 0);
        break;
    case SYS_mknod:
        ret->value = make(a, AT_FDCWD, v[0], (mode_t)v[1], false, (dev_t)(unsigned)v[2]);
        break;
    case SYS_symlink:
        ret->value = make_symlink(a, v[0], AT_FDCWD, v[1]);
        break;
    case SYS_link:
        ret->value = make_link(a, AT_FDCWD, v[0], AT_FDCWD, v[1], 0);
        break;
    case SYS_unlink:
        ret->value = remove_name(a, AT_FDCWD, v[0], 0);
        break;
    case SYS_rmdir:
        ret->value = remove_name(a, AT_FDCWD, v[0], AT_REMOVEDIR);
        break;
    case SYS_rename:
        ret->value = rename_name(a, AT_FDCWD, v[0], AT_FDCWD, v[1], 0);
        break;
#endif
    default:
        ret->value = -ENOSYS;
    }
}

void guard_perform(struct asker *a, struct answer *ret)
{
    *ret = (struct answer){ .how = ANSWER_VALUE, .fd = -1 };
    if (!guard_sockets_perform(a, ret) && !perform_at(a, ret))
        perform_old(a, ret);
}
