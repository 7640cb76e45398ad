/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the policy to what the gateway is told of it (ipc/egress.h). */
#ifndef AGENTJAIL_MONITOR_EGRESS_POLICY_H
#define AGENTJAIL_MONITOR_EGRESS_POLICY_H

#include "base/strv.h"
#include "ipc/egress.h"
#include "profile/policy.h"

/* The gateway's policy and what it is made of. egress points into the policy and into the rest. */
struct egress_source {
    struct egress_policy egress;
    struct strv origins;
    struct buf credentials;
};

/* Fill ret from the policy; reads the file of upstream-credentials. Name servers and hosts are left to the caller. 0 or
 * -errno with a line for people in why. Release with egress_source_free() in any case. */
int egress_source_fill(const struct policy *policy, struct egress_source *ret, struct buf *why);

/* Release what source holds; the credentials are wiped. */
void egress_source_free(struct egress_source *source);

#define _cleanup_egress_source_ _cleanup_(egress_source_free)

#endif
