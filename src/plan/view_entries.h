/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grants of a policy as one sorted list of places in the jail's view, parents before children: the step between
 * the policy (in the order people wrote) and the plan (in the order the kernel needs). */
#ifndef AGENTJAIL_PLAN_VIEW_ENTRIES_H
#define AGENTJAIL_PLAN_VIEW_ENTRIES_H

#include "base/buf.h"
#include "plan/collect.h"
#include "plan/entries.h"
#include "plan/plan.h"
#include "profile/policy.h"

/* Collect every place that the policy names, resolved on this host, sorted, one per path and kind. Missing optional
 * grants are left out; what mounts cannot hold goes to plan->guarded, as patterns, if the guard is to hold anything, or to
 * plan->notes, if notes are wanted. 0 or -errno with a message for people in why. */
int entries_from_policy(const struct policy *policy, struct entries *ret_list, struct plan *plan, bool notes,
                        struct buf *why);

/* Add to c->list what is held of agentjail's own wherever the places there show it: its directories, its program, the control
 * groups; with git also the configurations that git inside has copies of. 0 or -errno with a message in c->why. */
int view_entries_own(struct collect *c, const struct policy *policy, bool git);

/* The same of the control groups alone, also of one that a place there shows without those above it. */
int view_entries_groups(struct collect *c);

/* Where the copies of git configurations are inside. */
#define GIT_COPIES_INSIDE "/run/agentjail/git"

#endif
