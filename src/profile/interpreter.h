/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a "#!" line may have granted: whoever wrote it chose the path, so it must be a program and nothing that anybody
 * could mean to keep for himself. */
#ifndef AGENTJAIL_PROFILE_INTERPRETER_H
#define AGENTJAIL_PROFILE_INTERPRETER_H

#include "base/program_head.h"
#include "profile/merge.h"

/* Read the begin of the regular file path for what it needs to run. 0, -errno, or -ENOENT if it is no regular file. */
int interpreter_head(const char *path, struct program_head *ret_head);

/* Why the program at path, whose real place is real, is not shown as an interpreter or loader; NULL: it may be. An ELF
 * file may lie anywhere: that is no place for secrets. A script must lie in a directory of PATH, as the shims of version
 * managers do, not be named as credentials are, and end in an ELF file by its own "#!" lines (execve(2)). */
const char *interpreter_unfit(const struct merge *m, const char *path, const char *real);

#endif
