/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plan says of one path: what the payload will see there, and which step makes it so. */
#ifndef AGENTJAIL_PLAN_QUERY_H
#define AGENTJAIL_PLAN_QUERY_H

#include <stdbool.h>

#include "plan/plan.h"

enum view_kind {
    VIEW_NOTHING, /* no step shows it */
    VIEW_HOST,    /* the host's own file or tree */
    VIEW_COPY,    /* the host's, but changes stay inside */
    VIEW_PRIVATE, /* something of the jail's own: an empty directory, its /dev or /proc, a file made for it */
    VIEW_HIDDEN,  /* masked */
};

struct view_answer {
    enum view_kind kind;
    bool writable, exec;
    const struct op *op; /* the step that decides it, of the plan; NULL: none does */
};

/* Look a real path (absolute, no symlinks) up in the plan. */
struct view_answer plan_query(const struct plan *plan, const char *path);

#endif
