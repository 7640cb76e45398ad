/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is refused besides names: system calls by the filter, and programs. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_REFUSED_OTHERS_H
#define AGENTJAIL_MONITOR_REFUSED_OTHERS_H

#include "ipc/observed.h"
#include "plan/plan.h"
#include "profile/policy.h"

struct refused_name;

/* Fill in an OBSERVED_DENIED. 0 or -ENOMEM, with what there is of it in one then. */
int refused_call(struct refused_name *one, const struct policy *policy, const struct observed_message *m);

/* The same of an OBSERVED_UNRUN; the event's argv and cwd are m's. */
int refused_program(struct refused_name *one, const struct policy *policy, const struct plan *plan,
                    const struct observed_message *m);

#endif
