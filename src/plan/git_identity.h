/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git's settings for the jail: who the user is and how git is to behave, nothing that git runs. */
#ifndef AGENTJAIL_PLAN_GIT_IDENTITY_H
#define AGENTJAIL_PLAN_GIT_IDENTITY_H

#include "plan/plan.h"

/* With git = identity: put a file into the plan at /etc/gitconfig, which git and libgit2 read before the jail's own
 * ~/.gitconfig, from the user's configuration: the keys of a fixed list, without what names a program; includes that
 * apply to the workspace followed. 0 or -errno. */
int git_identity_add(const struct policy *policy, struct plan *plan);

/* The text of that file; also for tests. files: up to NULL, weakest first; gitdir: of the workspace's repository, for
 * includeIf (NULL: none); home: for "~/". */
int git_identity_text(const char *const *files, const char *gitdir, const char *home, struct buf *out);

#endif
