/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>

/* What libcap-ng's capng_change_id() calls, which nobody here does. These are taken in place of the C library's, whose name
 * service (95 KB, and libraries that it opens) would otherwise be in a static program. */
struct passwd *getpwuid(uid_t uid)
{
    (void)uid;
    errno = ENOSYS;
    return NULL;
}

int initgroups(const char *user, gid_t group)
{
    (void)user;
    (void)group;
    errno = ENOSYS;
    return -1;
}
