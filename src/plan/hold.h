/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What bounds a plan that a command line has filled with operations: names that are hidden or protected wherever it shows
 * them, and where programs may be run. */
#ifndef AGENTJAIL_PLAN_HOLD_H
#define AGENTJAIL_PLAN_HOLD_H

#include "base/buf.h"
#include "base/strv.h"
#include "plan/plan.h"

/* Put up, behind each bind of the host's, the hide and protect grants of policy that it shows, by the same operations as in
 * a jail of agentjail's (plan/from_policy.c): masks, binds onto themselves, pins of what lies above them. The sources of
 * plan are real paths by now. *ret_held: there are such. 0, or -errno with a message: also where one cannot be held, as in
 * the layers of an overlay. Origins are the policy's. Unless
 * plan->bubblewrap the policy is that of a jail of our own: its own files and git configurations are held as well, and a
 * source that lies in what is hidden, or may be written and lies in what is protected, is refused. */
int plan_hold(struct plan *plan, const struct policy *policy, bool *ret_held, struct buf *why);

/* Let programs be run in these trees (real paths) of the host's only, and in nothing that the jail makes for itself (but where
 * "/" is one of them): whoever writes the options chooses where that lies. Before plan_hold(). 0 or -ENOMEM. */
int plan_hold_exec(struct plan *plan, const struct strv *trees);

#endif
