/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a path leads that no symlink is on the way of, as most do: in a third of the system calls that guard_place_find()
 * takes. For calls that go back to the kernel, whose place is only told of. Internal to this folder. */
#ifndef AGENTJAIL_INIT_OBSERVE_STRAIGHT_H
#define AGENTJAIL_INIT_OBSERVE_STRAIGHT_H

#include <limits.h>
#include <stdint.h>

#include "init/guard_asker.h"

enum { STRAIGHT_MAX = 2 * PATH_MAX };

/* The path at that address of the asker's memory, from dirfd or AT_FDCWD, if something is there: ret_text has it as seen from
 * the root, without "//", "." and "..". 0, -ELOOP: it is to be looked at in another way, or -errno as the kernel would
 * answer. */
int observe_straight(const struct asker *a, int dirfd, uint64_t path, char ret_text[static STRAIGHT_MAX]);

#endif
