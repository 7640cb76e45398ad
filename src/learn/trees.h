/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From single files to the trees that a profile names: what changes from run to run or from version to version gives way to
 * the directory that it lies in, and several files of one directory to that. Pure. */
#ifndef AGENTJAIL_LEARN_TREES_H
#define AGENTJAIL_LEARN_TREES_H

#include <stdbool.h>

#include "base/strv.h"

/* Files of one directory that stand for all of it; the second of one directly in the home whose name has no dot: the user's. */
enum { TREES_TOGETHER = 4, TREES_TOGETHER_OWN = 32 };

/* Directories that hold what has nothing to do with each other, and are never granted for the sake of some of it: the root,
 * what lies directly in it, the home and what is around it, ~/.config and the like. */
bool trees_is_broad(const char *path, const char *home);

/* Of path the part before the first name that is a version or temporary, where that is no broad directory; else all of it.
 * is_dir: it is one itself, or a program. Returns its length. */
size_t trees_lasting(const char *path, const char *home, bool is_dir);

/* Put several of one directory together, and leave out what others enclose; sorted afterwards. */
void trees_join(struct strv *paths, const char *home);

/* The directory of a program's own that path, below the home, lies in: ~/.foo, ~/.config/foo, ~/.local/share/foo, ~/foo.
 * Returns its length. */
size_t trees_own(const char *path, const char *home);

#endif
