/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Freezing the jail and thawing it, as the monitor sees it. Internal to this folder.
 *
 * Init does it (init/freezer.h). Two reasons hold a jail, each by itself: a watched mount that is away, and a request for
 * it (loop_freeze). It runs again when neither does. */
#ifndef AGENTJAIL_MONITOR_FREEZE_H
#define AGENTJAIL_MONITOR_FREEZE_H

#include <stdbool.h>

#include "ipc/channel.h"

struct loop;

/* Ask init to freeze the jail. Idempotent; frozen once l->freeze is FREEZE_DONE. In STAGE_RUNNING only. 0, or -ESRCH
 * where nothing runs that could be frozen. */
int loop_freeze(struct loop *l);

/* Take that back. Idempotent. What was stopped before the freeze, by job control, stays stopped. */
void loop_thaw(struct loop *l);

/* MSG_FROZEN. 0, or -EBADMSG: not permitted now. */
int loop_on_frozen(struct loop *l, const struct message *m);

/* Init cannot keep the jail stopped (code: errno): hold it by its control group if it has one. False: it was ended. */
bool loop_hold(struct loop *l, int code);

/* Before init is told to continue: let go of the control group unless another reason holds. */
void loop_release(struct loop *l);

#endif
