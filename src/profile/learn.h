/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy of a run that is to be learned from (--learn): the default profile, and around it as much as can be shown without
 * harm. It reads what the user may read, but for what is known to be secret and agentjail's own; it writes in the workspace
 * and in copies of the home's files, which are gone at the end; it reaches every public place. The ceilings bound all of it:
 * what they do not allow is left out, not refused. */
#ifndef AGENTJAIL_PROFILE_LEARN_H
#define AGENTJAIL_PROFILE_LEARN_H

#include "profile/load.h"

/* As the origin of what learning alone grants. */
extern const char learn_origin[];

/* May a profile of that name be written for the user? 0, or -errno with a message: it is no name, somebody else's, or fixed by
 * a ceiling. */
int learn_check_name(const struct load *l, const char *name);

/* Read the profile that learning starts from into m->settings, and give the policy the name of the one to be. 0 or -errno with
 * a message. */
int learn_load(struct load *l, const char *name);

/* Widen the policy as far as the ceilings allow; called before they are applied, when the settings' own are. 0 or -errno with a
 * message. */
int learn_widen(struct merge *m);

#endif
