/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "home/remove_tree.h"
#include "profile/path.h"
#include "sys/syscalls.h"

/* The first len bytes of path. */
static int open_stretch(const char *path, int len)
{
    char whole[PATH_MAX], above[PATH_MAX];
    if (snprintf(whole, sizeof(whole), "%.*s", len, path) >= (int)sizeof(whole))
        return -ENAMETOOLONG;
    const char *name = path_basename(whole);
    snprintf(above, sizeof(above), "%.*s", (int)(name - whole), whole);
    _cleanup_close_ int up = sys_openat2(AT_FDCWD, above, O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
    int fd = up < 0 ? -1 : open_listed_directory(up, name);
    return up < 0 ? up : fd < 0 ? -errno : fd;
}

int git_dir_open(const char *path)
{
    return open_stretch(path, (int)strlen(path));
}

int git_dir_open_config(const char *config)
{
    return open_stretch(config, (int)(strrchr(config, '/') - config));
}
