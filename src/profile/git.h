/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the git toplevel around a directory, without running git: the repository may be hostile. */
#ifndef AGENTJAIL_PROFILE_GIT_H
#define AGENTJAIL_PROFILE_GIT_H

#include <sys/types.h>

#include "profile/arena.h"

struct git_place {
    const char *toplevel; /* NULL: not in a working tree */
    const char *gitdir;   /* where ".git" is a file: the directory it names, symlinks followed; else NULL */
};

/* Walk up from cwd (absolute, no symlinks) to the first directory with a ".git" that uid (or root) owns: a directory
 * with a HEAD, or a file whose gitdir points back at it, as worktrees (gitdir/gitdir) and submodules (core.worktree) do
 * (gitrepository-layout(5)). Never looks at or above stop. 0 or -ENOMEM. */
int git_find(struct arena *arena, const char *cwd, const char *stop, uid_t uid, struct git_place *ret_place);

/* The directory that the file dir/.git names, symlinks followed, in *ret_gitdir, whatever it is; NULL: dir/.git is no such
 * file, or there is nothing. 0 or -ENOMEM. */
int git_named(struct arena *arena, const char *dir, const char **ret_gitdir);

#endif
