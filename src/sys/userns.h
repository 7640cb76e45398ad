/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User namespaces of one user: user_namespaces(7). */
#ifndef AGENTJAIL_SYS_USERNS_H
#define AGENTJAIL_SYS_USERNS_H

#include <sys/types.h>

/* Map the caller's own, new user namespace: inside_uid and inside_gid there are uid and gid of the parent. Denies
 * setgroups(2). Needs a procfs at /proc. 0 or -errno. */
int userns_map(uid_t inside_uid, uid_t uid, gid_t inside_gid, gid_t gid);

/* Make a user namespace below the caller's, in which uid and gid are the caller's own, and return an fd of it, or -errno.
 * It is made ahead because no uid_map can be written from inside a Landlock domain that does not show /proc
 * (KERNEL-FACTS 9). */
int userns_make_inner(uid_t uid, gid_t gid);

#endif
