/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gateway in the monitor's loop: what it says, and what its death means. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_GATEWAY_WATCH_H
#define AGENTJAIL_MONITOR_GATEWAY_WATCH_H

#include "monitor/loop.h"

/* Its channel has something to read, or has ended. */
void gateway_serve(struct loop *l);

/* The jail is over: hear the last of the gateway, and add what it refused to the summary. */
void gateway_end(struct loop *l);

#endif
