/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_SYS_BUILD_TREE_H
#define AGENTJAIL_SYS_BUILD_TREE_H

#include <stdbool.h>

/* Whether the running program lies in the tree that it was built in: then that tree's profiles and modules are its own.
 * An installed one never does (configure --disable-uninstalled leaves nothing of this in it). */
bool in_build_tree(void);

#endif
