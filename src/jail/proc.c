/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "jail/mounts.h"
#include "sys/syscalls.h"

/* As the OCI runtimes' lists: what a container of root may not touch, neither may we. */
static const char *const read_only[] = { "sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "asound", "mtrr" };
static const char *const covered[] = { "kcore", "keys", "key-users", "timer_list", "sched_debug", "kmsg", "kallsyms",
                                       "kpagecount", "kpageflags", "kpagecgroup", "latency_stats", "timer_stats" };

int proc_mount(void)
{
    return mount_new("proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Bind source (O_PATH) over the name at proc; a name that this kernel does not have needs no cover. */
static int bind_over(int source, int target, unsigned long attributes)
{
    _cleanup_close_ int mount = mount_clone(source, attributes, 0);
    return mount < 0 ? mount : mount_attach(mount, target);
}

int proc_mask(int proc)
{
    const unsigned long attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
    if (!fence_on(FENCE_PROC_MASKS))
        return 0;

    for (size_t i = 0; i < ELEMENTSOF(read_only); i++) {
        _cleanup_close_ int fd = openat(proc, read_only[i], O_PATH | O_CLOEXEC | O_NOFOLLOW);
        int r = fd < 0 ? -errno : bind_over(fd, fd, attr);
        if (r < 0 && r != -ENOENT)
            return r;
    }

    _cleanup_close_ int null = open("/dev/null", O_PATH | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (size_t i = 0; i < ELEMENTSOF(covered); i++) {
        _cleanup_close_ int fd = openat(proc, covered[i], O_PATH | O_CLOEXEC | O_NOFOLLOW);
        int r = fd < 0 ? -errno : bind_over(null, fd, attr);
        if (r < 0 && r != -ENOENT)
            return r;
    }
    return 0;
}
