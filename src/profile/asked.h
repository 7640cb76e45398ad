/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of the view that the command line asks for by bubblewrap's names: what they name of the host's, and ceilings
 * over that. What they mean is the plan's (plan/operations.h). Internal to this folder. */
#ifndef AGENTJAIL_PROFILE_ASKED_H
#define AGENTJAIL_PROFILE_ASKED_H

#include "profile/merge.h"

/* Append one of them to m->policy->asked. 0, or -E2BIG with a message in m->why, or -ENOMEM. */
int asked_add(struct merge *m, const struct request_option *o);

/* Look up what they name: real paths, with device and inode. 0, or -errno with a message in m->why. */
int asked_find(struct merge *m);

/* Put what they name among the grants, in the words of our own options, so that ceilings judge it (ceiling_apply()); and take
 * it out again, as nothing is granted by that. 0 or -ENOMEM. */
int asked_claim(struct merge *m);
void asked_unclaim(struct merge *m);

#endif
