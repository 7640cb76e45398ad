/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "profile/reader.h"

/* Inside a user namespace all owners that it does not map, the host's root among them, look like one user, the overflow id
 * (user_namespaces(7)). True if uid is that and no true user's: then a system file may be root's. */
static bool is_overflow(uid_t uid)
{
    _cleanup_buf_ struct buf number = { 0 }, map = { 0 };
    if (buf_read_file(&number, AT_FDCWD, "/proc/sys/kernel/overflowuid", 32) < 0 || !number.data ||
        strtoul(number.data, NULL, 10) != uid || buf_read_file(&map, AT_FDCWD, "/proc/self/uid_map", 65536) < 0)
        return false;
    for (char *rest = map.data, *line; rest && (line = strsep(&rest, "\n"));) {
        unsigned long inside, outside, count;
        if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3 && uid >= inside && uid - inside < count)
            return false;
    }
    return true;
}

static bool roots_place(const struct merge *m, const char *path)
{
    return path_within(path, m->host->system_dir) || path_within(path, m->host->package_dir);
}

/* What is wrong with owner and mode, or NULL. Root's own places are trusted by where they lie, as far as their owner may be
 * root: who else could have put something there? */
static const char *distrust(const struct merge *m, const char *path, const struct stat *st)
{
    if (st->st_uid != 0 && st->st_uid != m->host->uid && !(roots_place(m, path) && is_overflow(st->st_uid)))
        return "belongs to another user; let root or you own it";
    if (st->st_mode & S_IWOTH)
        return "may be written by everybody; chmod o-w";
    if (st->st_mode & S_IWGRP && st->st_gid != 0)
        return "may be written by its group; chmod g-w";
    return NULL;
}

int config_dir_open(struct merge *m, const char *path, bool trusted, int *ret_fd)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) {
            *ret_fd = -1;
            return 0;
        }
        int r = -errno;
        (void)buf_printf(m->why, "%s: cannot be opened: %s; make it a directory that you can read, or remove it", path,
                         strerror(errno));
        return r;
    }
    struct stat st[2];
    if (!trusted && (fstat(fd, &st[0]) < 0 || fstatat(fd, "..", &st[1], 0) < 0)) {
        int r = -errno;
        (void)buf_printf(m->why, "%s: cannot be checked: %s", path, strerror(errno));
        return r;
    }
    for (int i = 0; !trusted && i < 2; i++) {
        const char *problem = distrust(m, path, &st[i]);
        if (problem) {
            (void)buf_printf(m->why, "%s: this directory %s%s", path, i ? "lies in one that " : "", problem);
            return -EPERM;
        }
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_in_ini(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".ini") == 0;
}

int config_dir_list(struct merge *m, int fd, const char *path, struct strv *ret_names, struct strv *ret_others)
{
    _cleanup_strv_ struct strv names = { 0 };
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        int r = -errno;
        if (copy >= 0)
            close(copy);
        (void)buf_printf(m->why, "%s: cannot be listed: %s", path, strerror(-r));
        return r;
    }
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        bool named = ends_in_ini(d->d_name), is_dir = d->d_type == DT_DIR;
        struct strv *list = named && !is_dir ? &names : named || !is_dir ? ret_others : NULL;
        if (d->d_name[0] == '.' || !list)
            continue;
        int r = list->n < FILES_MAX ? strv_add(list, d->d_name) : -E2BIG;
        if (r == -E2BIG)
            (void)buf_printf(m->why, "%s: more than %d files; remove some", path, FILES_MAX);
        if (r < 0)
            return r;
    }
    if (names.n)
        qsort(names.v, names.n, sizeof(*names.v), by_bytes);
    *ret_names = names;
    names = (struct strv){ 0 };
    return 0;
}

/* Read a regular file of this size, in one call if the size is right. */
static int read_whole(int fd, off_t size, struct buf *text)
{
    if (size < 0 || size > READER_FILE_MAX)
        return -EFBIG;
    char *data = malloc((size_t)size + 2);
    if (!data)
        return -ENOMEM;
    ssize_t n = read(fd, data, (size_t)size + 1);
    if (n < 0 || n > size) { /* it grows, or was interrupted: the careful way */
        int r = n < 0 ? -errno : 0;
        free(data);
        if (r < 0 && r != -EINTR)
            return r;
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : buf_read_fd(text, fd, READER_FILE_MAX);
    }
    data[n] = '\0';
    buf_free(text);
    *text = (struct buf){ .data = data, .len = (size_t)n, .size = (size_t)size + 2 };
    return 0;
}

static int real_path(struct merge *m, int fd, const char **ret_real)
{
    char link[64], real[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, real, sizeof(real) - 1);
    if (n < 0)
        return 0; /* no /proc: the name has to do */
    *ret_real = arena_strndup(m->arena, real, (size_t)n);
    return *ret_real ? 0 : -ENOMEM;
}

int config_file_read(struct merge *m, int dirfd, const char *name, const char *file, bool trusted, struct buf *text,
                     const char **ret_real)
{
    struct stat st = { 0 };
    const char *problem = NULL;
    _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return -ENOENT;
    int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && !S_ISREG(st.st_mode)) {
        r = -EINVAL;
        problem = "is no regular file; profiles are files";
    } else if (r == 0 && !trusted && (problem = distrust(m, file, &st)) != NULL) {
        r = -EPERM;
    }
    if (r == 0)
        r = read_whole(fd, st.st_size, text);
    if (r == 0 && ret_real)
        r = real_path(m, fd, ret_real);
    if (r < 0 && problem)
        (void)buf_printf(m->why, "%s: %s", file, problem);
    else if (r == -EFBIG)
        (void)buf_printf(m->why, "%s: file is larger than %d bytes; split it", file, READER_FILE_MAX);
    else if (r < 0)
        (void)buf_printf(m->why, "%s: cannot be read: %s; make it readable, or remove it", file, strerror(-r));
    return r;
}
