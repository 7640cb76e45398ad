/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which protected names the guard (init/guard.c) is to hold: all of them, once it is there for one that mounts cannot hold. */
#ifndef AGENTJAIL_PLAN_GUARDED_H
#define AGENTJAIL_PLAN_GUARDED_H

#include <stdbool.h>

#include "plan/entries.h"
#include "plan/plan.h"
#include "plan/resolve.h"
#include "profile/policy.h"

/* May the guard hold a name for this policy? Not where it is switched off, nor where the command may give names another meaning
 * (nested = allow). */
bool guarded_may(const struct policy *policy);

/* Is it to hold optional names, too? */
bool guarded_asked(const struct policy *policy);

/* Is init to hold which sockets are connected to, whatever names there are? Where a grant names one, or the guard is asked
 * for. */
bool guarded_sockets(const struct policy *policy);

/* The first grant of a socket, NULL: there is none. */
const struct grant *guarded_socket(const struct policy *policy);

/* The glob of a protect grant, behind the workspace or the root; NULL: it has none. */
const char *guarded_glob(const struct policy *policy, const struct grant *g);

/* Is the grant a protected name, or pattern, that is the guard's to hold on this host, as mounts cannot? */
bool guarded_holds(const struct policy *policy, const struct grant *g);

/* The patterns (base/name_pattern.h) of every protect grant and of what the entries hold by mounts: as written, and as
 * resolved on this host; into plan->guarded and what tells whose they are. 0 or -ENOMEM. */
int guarded_patterns(struct resolver *resolver, const struct policy *policy, const struct entries *entries,
                     struct plan *plan);

#endif
