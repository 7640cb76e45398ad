/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_PLAN_IDENTITY_H
#define AGENTJAIL_PLAN_IDENTITY_H

#include "plan/plan.h"

/* Users of a directory service (sssd, LDAP) are not in /etc/passwd and /etc/group, and the service's socket is not in
 * the jail: where the plan shows these files and they lack the user, show copies with a line for him added. 0 or
 * -ENOMEM. */
int identity_add(const struct policy *policy, struct plan *plan);

#endif
