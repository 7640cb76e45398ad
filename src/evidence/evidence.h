/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of one jail: the monitor tells what happens, and it is kept where the policy says. Never blocks the jail. */
#ifndef AGENTJAIL_EVIDENCE_EVIDENCE_H
#define AGENTJAIL_EVIDENCE_EVIDENCE_H

#include "evidence/event.h"

struct evidence {
    uint64_t sequence; /* records so far */
};

/* Tell of one event; nothing of it is kept that it points to. 0, or -errno if it could not be recorded: the record counts
 * what it has lost by itself, and a caller need do nothing. */
int evidence_record(struct evidence *e, const struct event *event);

#endif
