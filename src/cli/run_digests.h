/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that are allowed by what is in them ([exec] allow = PATH sha256:HEX). */
#ifndef AGENTJAIL_CLI_RUN_DIGESTS_H
#define AGENTJAIL_CLI_RUN_DIGESTS_H

#include "base/buf.h"
#include "profile/policy.h"

/* Hash each program that a rule has a digest of, and note in the rule which file that was: the plan takes no other. libsodium
 * may have to be opened (sys/library.h); nothing without such a rule. 0, or -errno with a message in why: -EBADMSG where it is
 * another one. */
int run_digests_check(struct policy *policy, struct buf *why);

#endif
