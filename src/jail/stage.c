/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "jail/dev.h"
#include "jail/mounts.h"
#include "jail/proc.h"
#include "sys/syscalls.h"

#define ROOT_SIZE "16m" /* mount points and small files only */

/* A directory of the host's to mount on until pivot_root(2). In /proc, where a plan has no sources. */
static int open_place(void)
{
    static const char *const names[] = { "/proc/fs", "/proc/driver", "/proc/tty" };
    int fd = -1;
    for (size_t i = 0; i < ELEMENTSOF(names) && fd < 0; i++)
        fd = open(names[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_directory(int parent, const char *name)
{
    int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static int make_root(struct stage *stage, unsigned long flags, const char *data)
{
    _cleanup_close_ int place = open_place();
    int r = place < 0 ? place : mount_new("tmpfs", place, SYS_MS_NOSUID | SYS_MS_NODEV | flags, data);
    if (r < 0)
        return r;
    stage->root = open_place(); /* the same name is the new mount now */
    return stage->root < 0 ? stage->root : 0;
}

static int make_dev(struct stage *stage)
{
    if (mkdirat(stage->root, "dev", 0755) < 0)
        return -errno;
    _cleanup_close_ int point = open_directory(stage->root, "dev");
    int r = point < 0 ? point
                      : mount_new("tmpfs", point, SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, "mode=755,size=64k");
    if (r < 0)
        return r;
    stage->dev = open_directory(stage->root, "dev");
    return stage->dev < 0 ? stage->dev : 0;
}

static int make_proc(struct stage *stage)
{
    if (mkdirat(stage->root, "proc", 0755) < 0)
        return -errno;
    _cleanup_close_ int point = open_directory(stage->root, "proc");
    int r = point < 0 ? point : proc_mount(point);
    if (r < 0)
        return r;
    stage->proc = open_directory(stage->root, "proc");
    return stage->proc < 0 ? stage->proc : 0;
}

/* A tmpfs's own root is not made by us, as SELinux sees it, and has the file system's label: a directory in it takes its
 * place. */
static int replace_root(struct stage *stage)
{
    if (mkdirat(stage->root, "root", 0755) < 0)
        return -errno;
    _cleanup_close_ int made = open_directory(stage->root, "root");
    _cleanup_close_ int mount = made < 0 ? made : mount_clone(made, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0);
    int r = mount < 0 ? mount : mount_attach(mount, stage->root);
    if (r < 0)
        return r;
    close(stage->root);
    stage->root = open_place();
    return stage->root < 0 ? stage->root : 0;
}

int stage_begin_bubblewrap(struct stage *stage, bool labelled, struct buf *why)
{
    int r = make_root(stage, 0, "mode=755");
    if (r >= 0 && labelled)
        r = replace_root(stage);
    if (r < 0)
        buf_printf(why, "the jail's root cannot be made: %s", strerror(-r));
    return r;
}

/* What stage->step counts. */
enum { STEP_ROOT, STEP_DEV, STEP_NODES, STEP_PROC = STEP_NODES + DEV_STEPS, STEP_MASKS, STEPS };

bool stage_done(const struct stage *stage)
{
    return stage->step >= STEPS;
}

int stage_step(struct stage *stage, bool as_root, struct buf *why)
{
    unsigned step = stage->step++;
    int r;

    if (step == STEP_ROOT) {
        r = make_root(stage, SYS_MS_NOEXEC, "mode=755,size=" ROOT_SIZE);
        if (r < 0)
            buf_printf(why, "the jail's root cannot be made: %s", strerror(-r));
    } else if (step < STEP_PROC) {
        r = step == STEP_DEV ? make_dev(stage) : dev_fill(stage->dev, step - STEP_NODES);
        if (r < 0)
            buf_printf(why, "/dev cannot be made: %s", strerror(-r));
    } else {
        r = step == STEP_PROC ? make_proc(stage) : proc_mask(stage->proc, as_root);
        if (r < 0)
            buf_printf(why, "/proc: no fresh procfs can be mounted: %s (in a container whose /proc is partly hidden the "
                       "kernel forbids it)", strerror(-r));
    }
    return r;
}
