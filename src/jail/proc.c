/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "jail/mounts.h"
#include "sys/syscalls.h"

/* The OCI runtimes' lists: what a container of root may not touch, neither may we. What only root may use by the file's
 * own mode is covered for root only. The sysctls of the network namespace belong to its owner, so sys is for all. */
struct mask {
    const char *name;
    bool cover;     /* else read-only */
    bool root_only;
};

static const struct mask masks[] = {
    { "sys", false, false },       { "keys", true, false },         { "key-users", true, false },
    { "sysrq-trigger", false, true }, { "irq", false, true },       { "bus", false, true },
    { "fs", false, true },         { "acpi", false, true },         { "scsi", false, true },
    { "asound", false, true },     { "mtrr", false, true },         { "kcore", true, true },
    { "timer_list", true, true },  { "sched_debug", true, true },   { "kmsg", true, true },
    { "kallsyms", true, true },    { "kpagecount", true, true },    { "kpageflags", true, true },
    { "kpagecgroup", true, true }, { "latency_stats", true, true }, { "timer_stats", true, true },
    { "dynamic_debug", false, true },
};

/* Bind source (O_PATH) over the name at proc; a name that this kernel does not have needs no cover. */
static int bind_over(int source, int target, unsigned long attributes)
{
    _cleanup_close_ int mount = mount_clone(source, attributes, 0);
    return mount < 0 ? mount : mount_attach(mount, target);
}

int proc_mount(int target)
{
    if (!fence_on(FENCE_PIDNS)) { /* a test without a pid namespace: the host's, which is all that it could see */
        _cleanup_close_ int host = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return host < 0 ? -errno : bind_over(host, target, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    }
    return mount_new("proc", target, SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, NULL);
}

int proc_mask(int proc, bool as_root)
{
    const unsigned long attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
    if (!fence_on(FENCE_PROC_MASKS))
        return 0;

    _cleanup_close_ int null = open("/dev/null", O_PATH | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (size_t i = 0; i < ELEMENTSOF(masks); i++) {
        const struct mask *m = &masks[i];
        if (m->root_only && !as_root)
            continue;
        _cleanup_close_ int fd = openat(proc, m->name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
        int r = fd < 0 ? -errno : bind_over(m->cover ? null : fd, fd, attr);
        if (r < 0 && r != -ENOENT)
            return r;
    }
    return 0;
}

int proc_cover(int proc)
{
    /* Directories of sysctls never look writable, whoever asks (bubblewrap asks, and so never covers them): it is what
     * lies in there that root of the host may write, without any capability. */
    static const struct {
        const char *name, *writable;
    } names[] = { { "sys", "sys/kernel/core_pattern" }, { "sysrq-trigger", "sysrq-trigger" }, { "irq", "irq" },
                  { "bus", "bus" } };
    const unsigned long attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY;

    if (!fence_on(FENCE_PROC_MASKS))
        return 0;
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        if (faccessat(proc, names[i].writable, W_OK, 0) < 0) {
            if (errno == EACCES || errno == ENOENT || errno == EROFS)
                continue;
            return -errno;
        }
        _cleanup_close_ int fd = openat(proc, names[i].name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
        int r = fd < 0 ? -errno : bind_over(fd, fd, attr);
        if (r < 0)
            return r;
    }
    return 0;
}
