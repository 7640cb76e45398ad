/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations that our own command line asks for by bubblewrap's names, behind what the policy's grants come to. */
#ifndef AGENTJAIL_PLAN_ASKED_H
#define AGENTJAIL_PLAN_ASKED_H

#include "plan/entries.h"
#include "plan/plan.h"

/* Append policy->asked to plan, in order, with what is hidden and protected put up in each bind (plan/hold.h). entries: the
 * policy's places. 0, or -errno with a message in why: also where one would show what is hidden, or change what is
 * protected, and that cannot be held where it shows it. */
int plan_asked(const struct policy *policy, const struct entries *entries, struct plan *plan, struct buf *why);

/* Read what the descriptors of its operations give, to their ends, into the plan, and close them (but 0 to 2). Returns 1 if
 * there was any, which can be had but once; 0; or -errno with a message in why. */
int plan_asked_read(struct plan *plan, struct buf *why);

/* Whether an operation that was asked for puts something over path, which is clean. */
bool plan_asked_covers(const struct plan *plan, const char *path);

#endif
