/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a run has used to what a profile is to say. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_LEARNED_H
#define AGENTJAIL_MONITOR_LEARNED_H

#include "learn/text.h"
#include "monitor/learning.h"

/* Fill in the lists and switches, without what the profile has already. 0 or -ENOMEM. */
int learned_from(struct learning *l, struct learned *ret);

/* Release its lists. */
void learned_free(struct learned *learned);

#endif
