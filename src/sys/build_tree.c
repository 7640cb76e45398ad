/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "sys/build_tree.h"

#ifdef AGENTJAIL_BUILDDIR

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool look(void)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash || slash == exe)
        return false;
    *slash = '\0';
    if (strcmp(exe, AGENTJAIL_BUILDDIR) == 0)
        return true;

    struct stat a, b; /* the build directory may have been named through a symlink */
    return stat(AGENTJAIL_BUILDDIR, &a) == 0 && stat(exe, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Asked once: the look takes 20 us. */
bool in_build_tree(void)
{
    static enum { UNKNOWN, NO, YES } found;
    if (found == UNKNOWN)
        found = look() ? YES : NO;
    return found == YES;
}

#else

bool in_build_tree(void)
{
    return false;
}

#endif
