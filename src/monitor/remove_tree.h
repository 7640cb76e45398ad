/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing a directory that somebody hostile has filled. */
#ifndef AGENTJAIL_MONITOR_REMOVE_TREE_H
#define AGENTJAIL_MONITOR_REMOVE_TREE_H

/* Remove name in the directory dir with all that is below it, however deep; no symlink is followed, no other file system
 * entered. 0 or -errno. */
int remove_tree(int dir, const char *name);

#endif
