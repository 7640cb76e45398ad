/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From files and the command line to the policy. */
#ifndef AGENTJAIL_PROFILE_POLICY_LOAD_H
#define AGENTJAIL_PROFILE_POLICY_LOAD_H

#include "base/buf.h"
#include "profile/policy.h"
#include "profile/request.h"

/* Resolve everything: profile, includes, drop-ins, ceilings, command line, workspace. Reads files, changes nothing.
 * 0 or -errno, with "file:line: key: problem; fix" in why. The caller releases the policy with policy_free(). */
int policy_load(const struct policy_request *request, struct policy *ret_policy, struct buf *why);

#endif
