/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries in worktrees/ of the git directories that a jail may write. One that says that its working tree is elsewhere is how
 * a run that has that tree as its workspace finds the repository, and is granted it: so none may come from inside. */
#ifndef AGENTJAIL_HOME_GIT_WORKTREES_H
#define AGENTJAIL_HOME_GIT_WORKTREES_H

#include "base/strv.h"
#include "home/git_notes.h"
#include "profile/policy.h"

/* Before the jail: which entries of policy->git_repos lead out of where the command may write. Appended to known. 0 or
 * -ENOMEM. */
int git_worktrees_note(const struct policy *policy, struct strv *known);

/* After it: remove those that lead out and are not known, with a line for each in notes. */
void git_worktrees_remove_new(const struct policy *policy, const struct strv *known, struct git_notes *notes);

#endif
