/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Symlinks in a git directory that the payload may write. Git appends to its logs, FETCH_HEAD, COMMIT_EDITMSG and others
 * through whatever symlink is there: one that was planted has the host's git write, with names that the payload chose,
 * into any file of the user's. Git itself makes none there. */
#ifndef AGENTJAIL_HOME_GIT_LINKS_H
#define AGENTJAIL_HOME_GIT_LINKS_H

#include <stdbool.h>

#include "base/strv.h"
#include "profile/policy.h"

struct git_links {
    struct strv dirs;    /* the git directories, real paths */
    struct strv before;  /* three entries a symlink: directory, path below it, what it says */
    bool too_many;       /* not all could be looked at */
};

/* Before the command runs: which git directories it may write (of policy->git_repos, and the workspace's), and what
 * symlinks are in them. 0 or -ENOMEM. */
int git_links_note(const struct policy *policy, struct git_links *links);

/* When it has ended: remove those that were not there, or said something else; a line for people each into notes. */
void git_links_remove_new(const struct git_links *links, struct strv *notes);

/* Release what links holds. */
void git_links_free(struct git_links *links);

#endif
