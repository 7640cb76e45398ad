/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/remove_tree.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

enum { DEPTH_MAX = 64 };

struct removal {
    int top;     /* where trees that are too deep are moved, to be taken up again */
    dev_t dev;
    uint64_t mount; /* a bind of the same file system is somebody's, too; 0: the kernel does not tell */
    unsigned long moved;
};

/* By descriptor: another jail may write there still, and the name be a symlink to anything of the user's by now. */
int open_hostile_directory(int dir, const char *name)
{
    char path[32];
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IRWXU) == S_IRWXU)
        return fd;
    if (fd < 0 && errno != EACCES)
        return fd;
    cleanup_close(&fd);
    _cleanup_close_ int place = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0)
        return place;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
    if (fchmodat(AT_FDCWD, path, 0700, 0) < 0)
        return -1;
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int open_listed_directory(int dir, const char *name)
{
    const mode_t listed = S_IRUSR | S_IXUSR;
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if ((fd < 0 && errno != EACCES) || (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & listed) == listed))
        return fd;
    cleanup_close(&fd);
    return open_hostile_directory(dir, name);
}

static int empty(struct removal *r, int dir, unsigned depth);

static bool is_mounted_there(const struct removal *r, int fd)
{
    uint64_t id;
    return r->mount && (sys_mount_id(fd, &id) < 0 || id != r->mount);
}

static int remove_one(struct removal *r, int dir, const char *name, unsigned depth)
{
    struct stat st;
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -EPERM;
    if (st.st_dev != r->dev)
        return -EXDEV;
    {
        _cleanup_close_ int fd = open_hostile_directory(dir, name);
        if (fd < 0)
            return -errno;
        if (is_mounted_there(r, fd))
            return -EXDEV;
        if (depth >= DEPTH_MAX) {
            char flat[48];
            snprintf(flat, sizeof(flat), ".agentjail-deep-%lu", r->moved++);
            return renameat(dir, name, r->top, flat) < 0 ? -errno : 0;
        }
        int e = empty(r, fd, depth + 1);
        if (e < 0)
            return e;
    }
    return unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int empty(struct removal *r, int dir, unsigned depth)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        int e = -errno;
        cleanup_close(&fd);
        return e;
    }
    int e = 0;
    for (struct dirent *d; e == 0 && (d = readdir(entries));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            e = remove_one(r, dir, d->d_name, depth);
    return e;
}

int remove_tree(int dir, const char *name)
{
    struct stat st;
    _cleanup_close_ int top = open_hostile_directory(dir, name);
    if (top < 0 || fstat(top, &st) < 0)
        return -errno;
    struct removal r = { .top = top, .dev = st.st_dev };
    if (sys_mount_id(top, &r.mount) < 0)
        r.mount = 0;
    unsigned long before;
    do { /* trees moved to the top while it was being read may be met in the next round only */
        before = r.moved;
        int e = empty(&r, top, 0);
        if (e < 0)
            return e;
    } while (r.moved != before);
    int e = unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
    if (e == -ENOTEMPTY) {
        e = empty(&r, top, 0);
        if (e == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0)
            e = -errno;
    }
    return e;
}

static int remove_any(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? remove_tree(dir, name) : unlinkat(dir, name, 0) < 0 ? -errno : 0;
}

int remove_hostile(int dir, const char *name)
{
    int r = remove_any(dir, name);
    if (r != -EACCES)
        return r;
    _cleanup_close_ int opened = open_hostile_directory(dir, ".");
    return opened < 0 ? r : remove_any(dir, name);
}
