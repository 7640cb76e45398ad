/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lists of [network], and what must fit together in the end. Internal to this folder. */
#ifndef AGENTJAIL_PROFILE_NET_TYPES_H
#define AGENTJAIL_PROFILE_NET_TYPES_H

#include "profile/merge.h"

/* The rule of a ceiling's setting, as NET_RULE_ALLOW's; its wildcard is not judged. 0 or -errno with a message. */
int net_rule_of(struct merge *m, const struct setting *s, struct net_rule *ret);

/* Does what [network] says fit together, and can it be held? 0 or -errno with a message. Called when all is merged. */
int net_check(struct merge *m);

#endif
