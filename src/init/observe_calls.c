/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe_calls.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

#define MODE_BITS 07777
#define O_TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

static const struct {
    int nr;
    enum observed_kind kind;
    signed char dirfd, path, links, mode;
} told[] = {
#define CALL(nr, kind, dirfd, path, links, mode) { nr, OBSERVED_##kind, dirfd, path, links, mode },
#include "lockdown/told_calls.def"
#undef CALL
};

/* The flags of an open, false: it is none. */
static bool open_flags(const struct seccomp_data *call, int *ret_dirfd, uint64_t *ret_path, int *ret_flags)
{
    switch (call->nr) {
    case SYS_openat:
        *ret_dirfd = (int)call->args[0];
        *ret_path = call->args[1];
        *ret_flags = (int)call->args[2];
        return true;
#ifdef SYS_open
    case SYS_open:
        *ret_dirfd = AT_FDCWD;
        *ret_path = call->args[0];
        *ret_flags = (int)call->args[1];
        return true;
    case SYS_creat:
        *ret_dirfd = AT_FDCWD;
        *ret_path = call->args[0];
        *ret_flags = O_CREAT | O_WRONLY | O_TRUNC;
        return true;
#endif
    default:
        return false;
    }
}

static bool follows(const struct seccomp_data *call, int links)
{
    return links >= 10 ? !(call->args[links - 10] & AT_SYMLINK_NOFOLLOW) : links == 1;
}

static struct looked_call looked_exec(const struct seccomp_data *call)
{
    const __u64 *v = call->args;
    struct looked_call l = { .kind = OBSERVED_EXEC, .has_path = true, .follow = true, .dirfd = AT_FDCWD, .mode = -1 };
    bool at = call->nr == SYS_execveat;
    l.path = v[at];
    l.argv = v[at + 1];
    if (at) {
        l.dirfd = (int)v[0];
        l.by_fd = v[4] & AT_EMPTY_PATH;
        l.follow = !(v[4] & AT_SYMLINK_NOFOLLOW);
    }
    return l;
}

struct looked_call observe_looked(const struct seccomp_data *call, bool reads)
{
    struct looked_call l = { .has_path = true, .follow = true, .dirfd = AT_FDCWD, .mode = -1 };
    int flags;
    if (call->nr == SYS_execve || call->nr == SYS_execveat)
        return looked_exec(call);
    if (reads && open_flags(call, &l.dirfd, &l.path, &flags) &&
        !(flags & (O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE_BIT))) {
        l.kind = OBSERVED_READ;
        l.flags = (uint32_t)flags;
        l.follow = !(flags & O_NOFOLLOW);
        return l;
    }
    for (size_t i = 0; i < ELEMENTSOF(told); i++) {
        if (told[i].nr != call->nr)
            continue;
        l.kind = told[i].kind;
        l.has_path = told[i].path >= 0;
        l.path = l.has_path ? call->args[told[i].path] : 0;
        l.dirfd = told[i].dirfd >= 0 ? (int)call->args[told[i].dirfd] : AT_FDCWD;
        l.by_fd = !l.has_path || (told[i].links >= 10 && call->args[told[i].links - 10] & AT_EMPTY_PATH);
        l.follow = follows(call, told[i].links);
        l.mode = told[i].mode >= 0 ? (int32_t)(call->args[told[i].mode] & MODE_BITS) : -1;
        return l;
    }
    return l;
}

static enum observed_kind performed_open(int flags, bool opened, bool reads)
{
    if (!opened)
        return OBSERVED_CREATE;
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC)) /* O_CREAT of what was there */
        return reads ? OBSERVED_READ : 0;
    return OBSERVED_WRITE;
}

enum observed_kind observe_performed(const struct seccomp_data *call, bool opened, bool reads)
{
    int dirfd, flags;
    uint64_t path;
    if (open_flags(call, &dirfd, &path, &flags))
        return flags & O_TMPFILE_BIT ? OBSERVED_CREATE : performed_open(flags, opened, reads);
    switch (call->nr) {
    case SYS_mkdirat:
    case SYS_mknodat:
    case SYS_bind: /* with a path */
#ifdef SYS_mkdir
    case SYS_mkdir:
    case SYS_mknod:
#endif
        return OBSERVED_CREATE;
    case SYS_unlinkat:
#ifdef SYS_unlink
    case SYS_unlink:
    case SYS_rmdir:
#endif
        return OBSERVED_REMOVE;
    case SYS_linkat:
    case SYS_symlinkat:
#ifdef SYS_link
    case SYS_link:
    case SYS_symlink:
#endif
        return OBSERVED_LINK;
    case SYS_renameat2:
#ifdef SYS_renameat
    case SYS_renameat:
#endif
#ifdef SYS_rename
    case SYS_rename:
#endif
        return OBSERVED_RENAME;
    case SYS_truncate:
        return OBSERVED_TRUNCATE;
    default:
        return 0;
    }
}

uint32_t observe_flags(const struct seccomp_data *call)
{
    int dirfd, flags;
    uint64_t path;
    if (open_flags(call, &dirfd, &path, &flags))
        return (uint32_t)flags;
    return call->nr == SYS_renameat2 ? (uint32_t)call->args[4] : 0;
}
