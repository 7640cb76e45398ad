/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_CLI_EXPLAIN_PROGRAMS_H
#define AGENTJAIL_CLI_EXPLAIN_PROGRAMS_H

#include "profile/policy.h"

/* What keeps a line of [exec] from being the fence that it looks like, on this host, in words; NULL: nothing. */
const char *explain_program(const struct policy *policy, const struct run_rule *rule);

#endif
