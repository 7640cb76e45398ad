/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What init tells of the payload's calls, on its way to the record. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_OBSERVED_H
#define AGENTJAIL_MONITOR_OBSERVED_H

#include "evidence/event.h"
#include "ipc/observed.h"
#include "monitor/loop.h"

/* Take in what is there, as much as one round has time for. */
void observed_serve(struct loop *l);

/* What an event of that kind is to the record. */
enum event_activity observed_activity(enum observed_kind kind);

/* The jail has ended: what init has said before counts. */
void observed_end(struct loop *l);

#endif
