/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a running jail can be asked. To add a request: its kind in ipc/control.h, a row and its function here. */
#ifndef AGENTJAIL_MONITOR_CONTROL_REQUESTS_H
#define AGENTJAIL_MONITOR_CONTROL_REQUESTS_H

#include "profile/policy.h"
#include "registry/control.h"

/* By enum control_kind; the functions' first argument is the monitor's struct loop. */
extern const struct control_row control_rows[CONTROL_KINDS];

/* The policy as --inspect shows it, in records, without what may be secret. 0 or -ENOMEM. */
int control_describe(const struct policy *policy, struct buf *out);

#endif
