/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --explain: what the command would be allowed, by which line of which file, and what holds it to that. */
#ifndef AGENTJAIL_CLI_EXPLAIN_H
#define AGENTJAIL_CLI_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "host/host_probe.h"
#include "plan/plan.h"
#include "profile/policy.h"

/* Print the resolved policy to out, in colour if out is a terminal (and NO_COLOR is not set). host tells what holds
 * here and what is missing; plan's steps come last. Either may be NULL: then that is left out. 0 or -errno. */
int explain_print(const struct policy *policy, const struct plan *plan, const struct host_features *host, FILE *out);

/* The same into a buffer. 0 or -ENOMEM. */
int explain_text(const struct policy *policy, const struct plan *plan, const struct host_features *host, bool colour,
                 struct buf *out);

/* The same as one JSON object. 0 or -errno. */
int explain_json(const struct policy *policy, const struct plan *plan, const struct host_features *host, struct buf *out);

#endif
