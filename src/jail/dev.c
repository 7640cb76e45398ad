/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/dev.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "jail/mounts.h"
#include "jail/view.h"
#include "lockdown/landlock.h"
#include "sys/syscalls.h"

/* Linux's numbers, Documentation/admin-guide/devices.txt: what lies at the host's name is checked against them. */
static const struct node {
    const char *name;
    unsigned major, minor;
} nodes[] = {
    { "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct link {
    const char *name, *text;
} links[] = {
    { "fd", "/proc/self/fd" },        { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
    { "stderr", "/proc/self/fd/2" },  { "ptmx", "pts/ptmx" },
};

static int open_new_file(int dev, const char *name)
{
    if (mknodat(dev, name, S_IFREG | 0444, 0) < 0)
        return -errno;
    int fd = openat(dev, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static int add_node(int host_dev, int dev, const struct node *node)
{
    _cleanup_close_ int source = openat(host_dev, node->name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (source < 0 || fstat(source, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(node->major, node->minor))
        return -ENODEV;

    _cleanup_close_ int mount = mount_clone(source, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
    if (mount < 0)
        return mount;
    _cleanup_close_ int target = open_new_file(dev, node->name);
    return target < 0 ? target : mount_attach(mount, target);
}

/* Mount a new file system on a new directory below dev; its fd, owned by the caller, or -errno. */
static int add_directory(int dev, const char *name, const char *type, const struct mount_option *options, size_t n)
{
    if (mkdirat(dev, name, 0755) < 0)
        return -errno;
    _cleanup_close_ int target = openat(dev, name, O_PATH | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY);
    if (target < 0)
        return -errno;
    uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    _cleanup_close_ int mount = mount_new(type, options, n, attr);
    if (mount < 0)
        return mount;
    int r = mount_attach(mount, target);
    return r < 0 ? r : TAKE_FD(mount);
}

static int add_pts(struct view *view, int dev)
{
    static const struct mount_option options[] = { { "newinstance", NULL }, { "ptmxmode", "0666" }, { "mode", "620" } };
    _cleanup_close_ int pts = add_directory(dev, "pts", "devpts", options, ELEMENTSOF(options));
    if (pts < 0)
        return pts;
    if (view->want_ptmx) {
        view->ptmx = openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (view->ptmx < 0)
            return -errno;
    }
    return 0;
}

static int add_shm(int dev)
{
    static const struct mount_option options[] = { { "mode", "1777" } };
    _cleanup_close_ int shm = add_directory(dev, "shm", "tmpfs", options, ELEMENTSOF(options));
    return shm < 0 ? shm : 0;
}

int dev_fill(struct view *view, int dev)
{
    _cleanup_close_ int host_dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = host_dev < 0 ? -errno : 0;

    for (size_t i = 0; i < ELEMENTSOF(nodes) && r >= 0; i++)
        r = add_node(host_dev, dev, &nodes[i]);
    for (size_t i = 0; i < ELEMENTSOF(links) && r >= 0; i++)
        if (symlinkat(links[i].text, dev, links[i].name) < 0)
            r = -errno;
    if (r >= 0)
        r = add_pts(view, dev);
    if (r >= 0)
        r = add_shm(dev);
    if (r >= 0 && view->ruleset >= 0)
        r = landlock_allow(view->ruleset, view->landlock_abi, dev, LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_DEVICE,
                           true);
    return r;
}
