/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_SYS_WALK_H
#define AGENTJAIL_SYS_WALK_H

#include <stdint.h>
#include <sys/types.h>

/* What openat2(2) does with RESOLVE_IN_ROOT or RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, for where a
 * filter hides it (as our own does in a jail): one component at a time, none of them followed by the kernel. dirfd, path,
 * flags, mode and resolve are openat2's. Returns a descriptor or -errno: openat2's, -ELOOP also for what became a symlink
 * meanwhile, -EINVAL for other bits of resolve. */
int walk_open(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);

#endif
