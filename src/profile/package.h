/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which directory is the package that a program is part of: a virtual environment, a node_modules tree, a toolchain. */
#ifndef AGENTJAIL_PROFILE_PACKAGE_H
#define AGENTJAIL_PROFILE_PACKAGE_H

#include "profile/merge.h"

/* A tree that a program needs. */
struct package {
    const char *root; /* NULL: the program stands alone */
    const char *what; /* for people: "node packages", "virtual environment" */
    const char *base; /* a directory with the interpreter that the package was made with, or NULL */
    const char *also[3]; /* more trees or files of the same tool, up to NULL; may be missing */
};

/* The package of the program at path (no symlink on the way but perhaps its last component). script: it is JavaScript,
 * so that the nearest package.json counts. Strings are of the arena or constant. 0 or -ENOMEM. */
int package_find(struct merge *m, const char *path, bool script, struct package *ret_package);

/* Why a tree is never granted unasked, or NULL if it may be: the root, a directory of the system, the home or what is
 * above it, agentjail's own, a place for settings of all programs, one with credentials in it, one above a writable
 * grant. */
const char *package_unfit(const struct merge *m, const char *root);

#endif
