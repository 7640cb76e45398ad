/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Git directories that a payload has had in its hands. */
#ifndef AGENTJAIL_HOME_GIT_DIR_H
#define AGENTJAIL_HOME_GIT_DIR_H

/* Open the git directory at path for reading, following no symlink. git works in one that cannot be listed, so if its owner
 * may not, or may not enter it, its mode is made 0700. Its fd or -errno. */
int git_dir_open(const char *path);

/* The same with the path of its configuration. */
int git_dir_open_config(const char *config);

#endif
