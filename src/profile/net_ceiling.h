/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ceilings say about [network] allow, deny, host-port, publish and upstream; see ceiling.h. */
#ifndef AGENTJAIL_PROFILE_NET_CEILING_H
#define AGENTJAIL_PROFILE_NET_CEILING_H

#include "profile/merge.h"

/* Bound the policy by one setting of a ceiling whose kind is CEILING_RULES, CEILING_PORTS, CEILING_UPSTREAM, or
 * CEILING_ADDS with a rule. 0 or -errno with a message. */
int net_ceiling_apply(struct merge *m, const struct setting *c);

#endif
