/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The trees in which ceilings allow grants, and what they hide and protect; see ceiling.h. */
#ifndef AGENTJAIL_PROFILE_CEILING_TREES_H
#define AGENTJAIL_PROFILE_CEILING_TREES_H

#include "profile/merge.h"

/* Hold the policy's grants against a setting that names a tree (CEILING_TREES). 0, or -errno with a message. */
int ceiling_check_trees(struct merge *m, const struct setting *c);

/* Whether every file that has ceilings for grants of that kind names a tree around path, which has no symlinks. 0 or -errno
 * with a message. */
int ceiling_allows(struct merge *m, enum grant_kind kind, const char *path, bool *ret);

/* path as the kernel will see it: symlinks followed as far as it exists. *ret is the arena's. 0 or -errno. */
int ceiling_follow(struct merge *m, const char *path, const char **ret);

/* Take a ceiling that is added to every policy (hide, protect): refuse what would get around it. 0 or -errno with a message;
 * also 0 if it depends on a workspace that there is not. */
int ceiling_add(struct merge *m, const struct setting *c);

/* The option that grants of that kind are written with. */
const struct option *ceiling_grant_option(enum grant_kind kind);

#endif
