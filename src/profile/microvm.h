/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backend = microvm: which options a microVM carries. What it does not carry yet is refused by its name, never passed over. */
#ifndef AGENTJAIL_PROFILE_MICROVM_H
#define AGENTJAIL_PROFILE_MICROVM_H

#include "profile/merge.h"

/* Decide policy->microvm by what was written. 0, or -errno with a message in why; a note where "-microvm" does without. */
int microvm_check(struct merge *m);

#endif
