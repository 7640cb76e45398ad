/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits of the payload: the ones that always hold, and what stands in for the limit on processes where no
 * control group holds it. Runs in the payload's last steps: no allocation, no stdio. */
#ifndef AGENTJAIL_LOCKDOWN_RLIMITS_H
#define AGENTJAIL_LOCKDOWN_RLIMITS_H

#include "profile/policy.h"

/* Set them on the calling process, hard and soft. Call it inside the payload's own user namespace: RLIMIT_NPROC then
 * counts that namespace's tasks only (kernel/ucount.c), not all of the user's. 0 or -errno (setrlimit(2)). */
int rlimits_apply(const struct policy *policy);

#endif
