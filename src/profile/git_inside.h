/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git = identity: what lets git work inside as outside, while nothing comes back that the host's git would run. */
#ifndef AGENTJAIL_PROFILE_GIT_INSIDE_H
#define AGENTJAIL_PROFILE_GIT_INSIDE_H

#include "profile/merge.h"

/* With git = identity and a workspace that is a working tree: finds its git directory and those of its submodules and
 * worktrees, puts their configurations into policy->git_repos (which the monitor gives the jail copies of) in place of
 * the protect entries that keep them unchanged, and protects what the host's git runs: hooks, attributes, the files in
 * the workspace that a configuration names. A git directory outside the workspace (a worktree's, a submodule's) is
 * granted if it points back at the workspace.
 * Otherwise, where the workspace is a bare repository or its ".git" a file that names a directory in it: what the profile
 * protects in ".git" is protected there, and policy->git_dirs are these directories.
 * After the profile's grants, before ceilings. 0 or -errno. */
int git_inside_add(struct merge *m);

#endif
