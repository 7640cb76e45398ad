/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where things lie on the host: the user's directories, our own among them, the current one. Internal to this folder. */
#ifndef AGENTJAIL_PROFILE_PLACES_H
#define AGENTJAIL_PROFILE_PLACES_H

#include "profile/merge.h"

/* What is known before any profile is read: m->dirs, m->cwd, and of m->policy the user, agentjail's own directories and
 * paths, and where filters are looked for. 0 or -errno, with a message in m->why. */
int places_find(struct merge *m);

/* What follows from the settings: the home's place on the host and in the jail, and the git settings that an identity is
 * taken from. 0 or -errno, with a message in m->why. */
int places_of_policy(struct merge *m);

#endif
