/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that a policy was read from: no payload may write them. Internal to this folder. */
#ifndef AGENTJAIL_PROFILE_SOURCES_H
#define AGENTJAIL_PROFILE_SOURCES_H

#include "profile/merge.h"

/* Refuse a user's profile, or a filter named by its path, that lies where the payload may write. 0, -EPERM with a message
 * in m->why, or -ENOMEM. */
int sources_check(struct merge *m);

/* Packaged profiles and filters stay unchanged inside writable grants, also in a source tree that is the workspace: protect
 * them there. 0 or -errno. */
int sources_protect_packaged(struct merge *m);

/* Name them all in m->policy->files. 0 or -ENOMEM. */
int sources_list(struct merge *m);

#endif
