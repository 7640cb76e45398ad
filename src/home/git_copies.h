/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The copies of git configurations that a jail writes in place of the host's, and what becomes of them at its end. */
#ifndef AGENTJAIL_HOME_GIT_COPIES_H
#define AGENTJAIL_HOME_GIT_COPIES_H

#include "base/buf.h"
#include "base/strv.h"
#include "home/git_notes.h"
#include "profile/policy.h"

struct git_copies {
    int dir;         /* $XDG_STATE_HOME/agentjail/git/ID, locked as long as the jail lives; -1: none */
    int parent;      /* git/ */
    char *path;      /* real path of dir */
    char **texts;    /* what each copy was made of, in the order of policy->git_repos; NULL: it could not be read */
    unsigned char *lacked; /* which names that git runs by a repository had not: they could not be held */
    size_t n;
    struct strv worktrees; /* entries that lead out of where the command may write, before it ran */
};

#define GIT_COPIES_EMPTY ((struct git_copies){ .dir = -1, .parent = -1 })

/* Copy every configuration of policy->git_repos, and remove copies that killed monitors have left. Sets
 * policy->git_copies. 0 (nothing to copy, too) or -errno with a message in why. */
int git_copies_make(struct policy *policy, const char *id, struct git_copies *copies, struct buf *why);

/* The jail is over: judge what it has left (git_keep.h), write what is kept into the host's files under git's own lock,
 * in place, so that no other jail's mount on them is undone. Names that mounts could not hold, as they were not there, and
 * by which git would run what the payload wrote, are removed, and entries of working trees that are not its own
 * (git_worktrees.h). A line for people a file into notes. */
void git_copies_end(const struct git_copies *copies, const struct policy *policy, struct git_notes *notes);

/* Remove the copies. */
void git_copies_remove(struct git_copies *copies);

#endif
