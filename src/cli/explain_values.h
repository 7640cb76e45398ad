/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy's values, each with the line that it comes from. */
#ifndef AGENTJAIL_CLI_EXPLAIN_VALUES_H
#define AGENTJAIL_CLI_EXPLAIN_VALUES_H

#include <stddef.h>

#include "cli/explain_out.h"

struct option_section;

/* Add the section's values, up to the option of index last (exclusive): lines to e->out, or objects to e->json. Failures
 * are e->result's. */
void explain_section(struct explain *e, const struct option_section *s, size_t last);

#endif
