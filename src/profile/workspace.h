/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which directory the payload works in. */
#ifndef AGENTJAIL_PROFILE_WORKSPACE_H
#define AGENTJAIL_PROFILE_WORKSPACE_H

#include "profile/merge.h"

/* Fill policy->workspace, its origin, workspace_default and workspace_note from the setting m->workspace, or by default
 * from the current directory. Needs policy->own_paths. 0 or -errno with a message. */
int workspace_find(struct merge *m);

#endif
