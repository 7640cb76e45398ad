/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/copy_tree.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "profile/import.h"

/* The directory of below in to, made as far as it is missing; *ret_name is the last component. */
static int open_parent(int to, const char *below, const char **ret_name)
{
    char name[NAME_MAX + 1];
    int dir = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (const char *slash; dir >= 0 && (slash = strchr(below, '/')); below = slash + 1) {
        size_t len = (size_t)(slash - below);
        if (len > NAME_MAX) {
            close(dir);
            return -ENAMETOOLONG;
        }
        memcpy(name, below, len);
        name[len] = '\0';
        if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST) {
            int r = -errno;
            close(dir);
            return r;
        }
        int next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        cleanup_close(&dir);
        dir = next;
    }
    *ret_name = below;
    return dir < 0 ? -errno : dir;
}

static int copy_bytes(struct copy_tree *copy, int in, int out)
{
    char data[65536];
    for (ssize_t n; (n = read(in, data, sizeof(data))) != 0;) {
        if (n < 0)
            return -errno;
        copy->bytes += (uint64_t)n;
        if (copy->bytes > COPY_BYTES_MAX)
            return -EFBIG;
        if (write(out, data, (size_t)n) != n)
            return -ENOSPC;
    }
    return 0;
}

/* Written beside its place and renamed: a credential that a program inside is reading stays whole. */
static int copy_file(struct copy_tree *copy, int in, const struct stat *st, int dir, const char *name)
{
    char fresh[64];
    uint32_t random;
    if (++copy->n_files > COPY_FILES_MAX)
        return -EFBIG;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return -EIO;
    snprintf(fresh, sizeof(fresh), ".agentjail-copy-%08x", random);
    _cleanup_close_ int out = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                     st->st_mode & S_IXUSR ? 0700 : 0600);
    int r = out < 0 ? -errno : copy_bytes(copy, in, out);
    if (r == 0 && copy->credentials)
        r = renameat(dir, fresh, dir, name) < 0 ? -errno : 0;
    else if (r == 0 && linkat(dir, fresh, dir, name, 0) < 0 && errno != EEXIST)
        r = -errno;
    if (out >= 0)
        unlinkat(dir, fresh, 0);
    return r;
}

static int copy_any(struct copy_tree *copy, int in, int dir, const char *name, unsigned depth);

/* By its name, or by that and its directory's: .m2/settings.xml. */
static bool is_left_out(const struct copy_tree *copy, const char *in, const char *name)
{
    char both[2 * NAME_MAX + 2];
    snprintf(both, sizeof(both), "%s/%s", in, name);
    return !copy->credentials && (import_is_credential(name) || import_is_credential(both));
}

/* The entries of the directory in, whose name is dir. */
static int copy_entries(struct copy_tree *copy, int in, const char *dir, int to, unsigned depth)
{
    int fd = dup(in);
    _cleanup_closedir_ DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        cleanup_close(&fd);
        return -errno;
    }
    int r = 0;
    for (struct dirent *d; r == 0 && (d = readdir(entries));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        _cleanup_close_ int fd2 = -1;
        if (!is_left_out(copy, dir, d->d_name))
            fd2 = openat(in, d->d_name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
        if (fd2 < 0)
            copy->n_left++;
        else
            r = copy_any(copy, fd2, to, d->d_name, depth + 1);
    }
    return r;
}

static int copy_any(struct copy_tree *copy, int in, int dir, const char *name, unsigned depth)
{
    struct stat st;
    if (fstat(in, &st) < 0)
        return -errno;
    if (S_ISREG(st.st_mode))
        return copy_file(copy, in, &st, dir, name);
    if (!S_ISDIR(st.st_mode)) {
        copy->n_left++;
        return 0;
    }
    if (depth > COPY_DEPTH_MAX)
        return -EFBIG;
    if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int to = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return to < 0 ? -errno : copy_entries(copy, in, name, to, depth);
}

int copy_tree(struct copy_tree *copy, int in, int to, const char *below, const char **ret_problem)
{
    const char *name = NULL;
    _cleanup_close_ int dir = open_parent(to, below, &name);
    int r = dir < 0 ? dir : !name ? -EINVAL : copy_any(copy, in, dir, name, 0);
    if (r == -EFBIG)
        *ret_problem = "more than settings take (2,000 files, 32 MiB, 12 levels); name what is needed of it";
    else if (r == -ELOOP || r == -ENOTDIR)
        *ret_problem = "something else is in its place in the profile's home; --reset-home begins anew";
    return r;
}
