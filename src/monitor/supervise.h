/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's loop: from the clone to the end of the jail. */
#ifndef AGENTJAIL_MONITOR_SUPERVISE_H
#define AGENTJAIL_MONITOR_SUPERVISE_H

#include "monitor/supervised.h"

/* The host changed while the jail was being built: resolve everything again. */
#define SUPERVISE_AGAIN (-1)

/* Serve the jail until it has ended and every process of it is gone. Returns the exit status for agentjail: the
 * command's own, 128 + signal, 124 (time limit), 125 (the jail could not be set up; the message was printed), 126, 127, or
 * SUPERVISE_AGAIN when s->may_repeat. */
int supervise(struct supervise *s);

#endif
