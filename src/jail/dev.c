/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "jail/mounts.h"
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

/* Show the node source, a detached mount, as name below dev. */
static int attach_node(int mount, int dev, const char *name)
{
    if (mknodat(dev, name, S_IFREG | 0444, 0) < 0)
        return -errno;
    return sys_move_mount(mount, "", dev, name, MOVE_MOUNT_F_EMPTY_PATH);
}

/* A detached mount of the character device at path, or -errno. The clone is looked at, not the name again. */
static int clone_device(const char *path, dev_t *ret_device)
{
    _cleanup_close_ int mount = mount_clone_path(path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    struct stat st;
    if (mount < 0)
        return mount;
    if (fstat(mount, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode))
        return -ENODEV;
    *ret_device = st.st_rdev;
    return TAKE_FD(mount);
}

static int add_node(int dev, const struct node *node)
{
    char path[32];
    dev_t device = 0;
    snprintf(path, sizeof(path), "/dev/%s", node->name);
    _cleanup_close_ int mount = clone_device(path, &device);
    if (mount < 0)
        return mount;
    return device == makedev(node->major, node->minor) ? attach_node(mount, dev, node->name) : -ENODEV;
}

static int add_links(int dev)
{
    for (size_t i = 0; i < ELEMENTSOF(links); i++)
        if (symlinkat(links[i].text, dev, links[i].name) < 0)
            return -errno;
    return 0;
}

/* Mount a new file system on a new directory below dev. 0 or -errno. */
static int add_directory(int dev, const char *name, const char *type, const char *data)
{
    if (mkdirat(dev, name, 0755) < 0)
        return -errno;
    _cleanup_close_ int target = openat(dev, name, O_PATH | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY);
    return target < 0 ? -errno : mount_new(type, target, SYS_MS_NOSUID | SYS_MS_NOEXEC, data);
}

_Static_assert(ELEMENTSOF(nodes) + 3 == DEV_STEPS, "DEV_STEPS");

int dev_fill(int dev, unsigned step)
{
    if (step < ELEMENTSOF(nodes))
        return add_node(dev, &nodes[step]);
    switch (step - ELEMENTSOF(nodes)) {
    case 0:
        return add_links(dev);
    case 1:
        return add_directory(dev, "pts", "devpts", "newinstance,ptmxmode=0666,mode=620");
    default:
        return add_directory(dev, "shm", "tmpfs", "mode=1777");
    }
}

static int add_console(int dev, const char *path)
{
    dev_t device = 0;
    _cleanup_close_ int mount = clone_device(path, &device);
    return mount < 0 ? mount : attach_node(mount, dev, "console");
}

int dev_fill_bubblewrap(int dev, const char *console)
{
    int r = 0;
    for (unsigned step = 0; step < DEV_STEPS - 1 && r >= 0; step++) /* all but the last: shm */
        r = dev_fill(dev, step);
    if (r >= 0 && (mkdirat(dev, "shm", 0755) < 0 || symlinkat("/proc/kcore", dev, "core") < 0))
        r = -errno;
    return r < 0 || !console ? r : add_console(dev, console);
}
