/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing a directory that somebody hostile has filled. */
#ifndef AGENTJAIL_HOME_REMOVE_TREE_H
#define AGENTJAIL_HOME_REMOVE_TREE_H

/* Open the directory name in the directory dir for reading; one that its owner may not read, enter or change is made so
 * (mode 0700). No symlink is followed, whoever swaps one in meanwhile. Its fd, or -1 and errno (ENOTDIR or ELOOP: it is
 * none). */
int open_hostile_directory(int dir, const char *name);

/* The same, but the mode is left alone if its owner may list and enter it. */
int open_listed_directory(int dir, const char *name);

/* Remove name in the directory dir, a file or a tree, also if dir's mode forbids it: that is 0700 then. 0 or -errno, as
 * remove_tree(). */
int remove_hostile(int dir, const char *name);

/* Remove name in the directory dir with all that is below it, however deep; no symlink is followed, no other file system
 * and no bind mount entered. 0 or -errno (-EXDEV: something is mounted there). */
int remove_tree(int dir, const char *name);

#endif
