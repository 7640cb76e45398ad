/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the grants that people wrote to entries: what each means on this host, and whether it can be had at all. */
#ifndef AGENTJAIL_PLAN_COLLECT_H
#define AGENTJAIL_PLAN_COLLECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/strv.h"
#include "plan/entries.h"
#include "plan/resolve.h"
#include "profile/policy.h"

/* What one collection works on. */
struct collect {
    const struct policy *policy;
    struct entries *list;
    struct strv *notes; /* what mounts cannot hold, for people; may be NULL */
    bool guarded;        /* a protected name was met that only the guard can hold */
    bool guard_needed;   /* and one that is not optional */
    struct buf *why;     /* on failure: what is wrong, for people */
    struct resolver resolver;
};

/* One of three passes over the policy's grants, in this order, as later ones look at what the earlier ones found: 0 places,
 * 1 exec, 2 protect and hide. Adds their entries. 0, or -errno with a message in c->why. */
int collect_grants(struct collect *c, int pass);

/* Add the symlinks that led to a place, which are to be seen in the jail, too. Takes them out of r. key and path say what
 * was written at origin, for messages; they stay the caller's. 0 or -ENOMEM. */
int collect_links(struct collect *c, const struct origin *origin, const char *key, const char *path, struct resolved *r);

#endif
