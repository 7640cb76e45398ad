/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Symlinks in a git directory that the payload may write. Git appends to its logs, FETCH_HEAD, COMMIT_EDITMSG and others
 * through whatever symlink is there: one that was planted has the host's git write, with names that the payload chose,
 * into any file of the user's. Git itself makes none there.
 *
 * What is new is told by its change time, which nobody can set but by the clock (inode(7)): making, linking and renaming a
 * symlink change its own, and renaming a directory changes the directory's. So nothing needs to be looked at before the
 * command runs. */
#ifndef AGENTJAIL_HOME_GIT_LINKS_H
#define AGENTJAIL_HOME_GIT_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "home/git_notes.h"
#include "profile/policy.h"

#define GIT_LINKS_MOST 2000000 /* entries: a second's work */

struct git_links_dir {
    char *path; /* of a git directory, real */
    dev_t dev;
    ino_t ino;
    bool timed; /* its file system is known to take change times from this machine's clock */
};

struct git_links {
    struct git_links_dir *dirs;
    size_t n_dirs;
    struct timespec wall, steady; /* when the command had not begun; CLOCK_REALTIME_COARSE and CLOCK_BOOTTIME */
    size_t most;                  /* entries of one git directory that are looked at; 0: GIT_LINKS_MOST */
};

/* Before the command runs: which git directories it may write (of policy->git_repos, and the workspace's). 0 or -ENOMEM. */
int git_links_note(const struct policy *policy, struct git_links *links);

/* When it has ended: remove the symlinks that are new, or lie in a directory that has changed. Where times prove nothing (a
 * server's file system, a clock that was set back) symlinks are told of in warnings instead, as is what cannot be looked at
 * (more than most entries, deeper than 32 directories). */
void git_links_remove_new(const struct git_links *links, struct git_notes *notes);

/* Release what links holds. */
void git_links_free(struct git_links *links);

#endif
