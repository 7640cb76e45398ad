/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Symlinks in a git directory that the payload may write. Git appends to its logs, FETCH_HEAD, COMMIT_EDITMSG and others
 * through whatever symlink is there: one that was planted has the host's git write, with names that the payload chose,
 * into any file of the user's. Git itself makes none there. */
#ifndef AGENTJAIL_HOME_GIT_LINKS_H
#define AGENTJAIL_HOME_GIT_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"
#include "home/git_notes.h"
#include "profile/policy.h"

#define GIT_LINKS_MOST 2000000 /* entries: a second's work */

struct git_links {
    struct strv dirs;    /* the git directories, real paths */
    struct strv before;  /* three entries a symlink: directory, path below it, what it says */
    bool cut;            /* some of those before are not known */
    size_t most;         /* entries of one git directory that are looked at; 0: GIT_LINKS_MOST */
};

/* Before the command runs: which git directories it may write (of policy->git_repos, and the workspace's), and what
 * symlinks are in them. 0 or -ENOMEM. */
int git_links_note(const struct policy *policy, struct git_links *links);

/* When it has ended: remove those that were not there, or said something else. What cannot be looked at (more than most
 * entries, deeper than 32 directories) is among the warnings. */
void git_links_remove_new(const struct git_links *links, struct git_notes *notes);

/* Release what links holds. */
void git_links_free(struct git_links *links);

#endif
