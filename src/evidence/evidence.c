/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/evidence.h"

int evidence_record(struct evidence *e, const struct event *event)
{
    (void)event;
    e->sequence++;
    return 0;
}
