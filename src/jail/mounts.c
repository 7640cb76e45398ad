/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

int mount_new(const char *type, int target, unsigned long flags, const char *data)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", target);
    return sys_mount(type, path, type, flags, data);
}

/* A tmpfs that is attached nowhere yet; an option without a value is left out. */
static int detached_tmpfs(const char *const (*options)[2], size_t n, unsigned attributes)
{
    _cleanup_close_ int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
    int r = fs;
    for (size_t i = 0; i < n && r >= 0; i++)
        if (options[i][1])
            r = sys_fsconfig(fs, FSCONFIG_SET_STRING, options[i][0], options[i][1], 0);
    if (r >= 0)
        r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    return r < 0 ? r : sys_fsmount(fs, FSMOUNT_CLOEXEC, attributes);
}

int mount_nothing(void)
{
    static const char *const options[][2] = { { "mode", "0" }, { "size", "4096" }, { "nr_inodes", "2" } };
    return detached_tmpfs(options, ELEMENTSOF(options),
                          MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

int mount_tmpfs(mode_t mode, uint64_t size, const char *label, uint64_t attributes)
{
    char mode_text[16], size_text[24];
    snprintf(mode_text, sizeof(mode_text), "%o", mode);
    snprintf(size_text, sizeof(size_text), "%llu", (unsigned long long)size);
    const char *const options[][2] = {
        { "mode", mode_text }, { "size", size ? size_text : NULL }, { "context", label }
    };
    return detached_tmpfs(options, ELEMENTSOF(options), (unsigned)attributes);
}

/* Linux 6.15 does in one call what takes two before. */
static int clone_tree(int dirfd, const char *path, unsigned flags, const struct mount_attr *attr)
{
    flags |= OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
    _cleanup_close_ int mount = sys_open_tree_attr(dirfd, path, flags, attr);
    if (mount != -ENOSYS && mount != -EPERM) /* the latter from containers' filters */
        return TAKE_FD(mount);

    mount = sys_open_tree(dirfd, path, flags);
    if (mount < 0)
        return mount;
    int r = sys_mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, attr);
    return r < 0 ? r : TAKE_FD(mount);
}

int mount_clone(int fd, uint64_t set, uint64_t clear)
{
    struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = SYS_MS_PRIVATE };
    return clone_tree(fd, "", AT_EMPTY_PATH, &attr);
}

int mount_clone_path(const char *path, uint64_t set)
{
    struct mount_attr attr = { .attr_set = set, .propagation = SYS_MS_PRIVATE };
    return clone_tree(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &attr);
}

int mount_clone_slave(int fd, uint64_t set)
{
    struct mount_attr attr = { .attr_set = set, .propagation = SYS_MS_SLAVE };
    return clone_tree(fd, "", AT_EMPTY_PATH, &attr);
}

int mount_attach(int mount, int target)
{
    return sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static uint64_t resolve_flags(const struct point_rules *rules)
{
    return RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (rules->no_symlinks ? RESOLVE_NO_SYMLINKS : 0);
}

int point_own(const struct point_rules *rules, int dir)
{
    uint64_t id;
    if (rules->anywhere)
        return 0;
    int r = sys_mount_id(dir, &id);
    if (r < 0)
        return r;
    for (size_t i = 0; i < rules->n_own; i++)
        if (rules->own_mounts[i] == id)
            return 0;
    return -EROFS;
}

int point_open_directory(const struct point_rules *rules, const char *path, mode_t mode)
{
    int fd = sys_openat2(rules->root, path, O_PATH | O_CLOEXEC | O_DIRECTORY, resolve_flags(rules));
    if (fd != -ENOENT)
        return fd;

    const char *name;
    _cleanup_close_ int parent = point_open_parent(rules, path, &name);
    if (parent < 0)
        return parent;
    int r = point_own(rules, parent);
    if (r < 0)
        return r;
    if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
        return -errno;
    return sys_openat2(parent, name, O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
}

int point_open_parent(const struct point_rules *rules, const char *path, const char **ret_name)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || !slash[1] || strlen(path) >= sizeof(parent))
        return -EINVAL;
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    memcpy(parent, path, len);
    parent[len] = '\0';

    int fd = point_open_directory(rules, parent, rules->parents ? rules->parents : 0755);
    if (fd >= 0)
        *ret_name = slash + 1;
    return fd;
}

static int open_file(const struct point_rules *rules, const char *path)
{
    int fd = sys_openat2(rules->root, path, O_PATH | O_CLOEXEC, resolve_flags(rules));
    if (fd != -ENOENT)
        return fd;

    const char *name;
    _cleanup_close_ int parent = point_open_parent(rules, path, &name);
    if (parent < 0)
        return parent;
    int r = point_own(rules, parent);
    if (r < 0)
        return r;
    if (mknodat(parent, name, S_IFREG | 0444, 0) == 0)
        return sys_openat2(parent, name, O_PATH | O_CLOEXEC | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
    if (errno != EEXIST)
        return -errno;
    /* A symlink to nowhere: where mount points may be made anywhere, what it names is made. */
    return rules->anywhere ? sys_openat2_create(rules->root, path, O_WRONLY, 0444, resolve_flags(rules))
                           : sys_openat2(parent, name, O_PATH | O_CLOEXEC | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
}

void point_cache_free(struct point_cache *cache)
{
    free(cache->path);
    cleanup_close(&cache->fd);
    *cache = POINT_CACHE_EMPTY;
}

void point_cache_forget(struct point_cache *cache, int root, const char *path)
{
    size_t len = strlen(path);
    if (cache->path && (cache->root != root || strncmp(cache->path, path, len) == 0))
        point_cache_free(cache);
}

int point_parent(const struct point_rules *rules, const char *path, const char **ret_name)
{
    struct point_cache *cache = rules->cache;
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    if (cache->path && cache->root == rules->root && strncmp(cache->path, path, len) == 0 && cache->path[len] == '\0') {
        *ret_name = slash + 1;
        return cache->fd;
    }
    point_cache_free(cache);
    int fd = point_open_parent(rules, path, ret_name);
    if (fd < 0)
        return fd;
    *cache = (struct point_cache){ .root = rules->root, .path = strndup(path, len), .fd = fd, .own = point_own(rules, fd) };
    return cache->path ? fd : -ENOMEM;
}

int point_attach(const struct point_rules *rules, const char *path, enum point_kind kind, int mount)
{
    const char *name;
    int parent = kind == POINT_ANY || kind == POINT_LINK || !path[1] ? -ENOENT : point_parent(rules, path, &name);
    if (parent >= 0 && rules->cache->own == 0) {
        int r = kind == POINT_DIRECTORY ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0444, 0);
        if (r == 0) /* new, so it is what we made it and no symlink */
            return sys_move_mount(mount, "", parent, name, MOVE_MOUNT_F_EMPTY_PATH);
        if (errno != EEXIST)
            return -errno;
    }
    _cleanup_close_ int target = point_open(rules, path, kind);
    return target < 0 ? target : mount_attach(mount, target);
}

int point_open(const struct point_rules *rules, const char *path, enum point_kind kind)
{
    if (kind == POINT_DIRECTORY)
        return point_open_directory(rules, path, 0755);
    if (kind == POINT_FILE)
        return open_file(rules, path);
    return sys_openat2(rules->root, path, O_PATH | O_CLOEXEC | (kind == POINT_LINK ? O_NOFOLLOW : 0), resolve_flags(rules));
}

int point_open_staging(void)
{
    static const char *const names[] = { "/tmp", "/usr", "/etc", "/mnt" };
    int fd = -1;
    for (size_t i = 0; i < ELEMENTSOF(names) && fd < 0; i++)
        fd = open(names[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}
