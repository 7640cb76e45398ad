/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* May a name be made, changed or removed? By the protected patterns, and where the name really is. */
#ifndef AGENTJAIL_INIT_GUARD_JUDGE_H
#define AGENTJAIL_INIT_GUARD_JUDGE_H

#include "init/guard_place.h"

/* What comes to be at a name, or goes from there. */
enum judge_what {
    JUDGE_DIRECTORY, /* a directory */
    JUDGE_OTHER,     /* anything else: it would stand in for the directories above a protected name, a symlink or git's file
                        above all, and is refused there, too */
    JUDGE_GONE,      /* the name is removed */
};

/* 0, or -EACCES: protected, by the pattern that g->refused_by tells then. */
int guard_judge(struct guard *g, const struct place *p, enum judge_what what);

/* The same for a directory that is to be moved from one name to the other, with all that is in it. -EXDEV: there is too much in
 * it to look at; programs copy then, each file by itself. */
int guard_judge_move(struct guard *g, const struct place *from, const struct place *to);

#endif
