/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which fence holds an option's value on this host, and what the host lacks for it. */
#ifndef AGENTJAIL_CLI_EXPLAIN_HOLDS_H
#define AGENTJAIL_CLI_EXPLAIN_HOLDS_H

#include "cli/explain_out.h"

struct option;

/* Say in e->held what holds the option's value (nothing for one that no fence holds), and add to e->missing what this host
 * lacks. Failures are e->result's. */
void explain_hold(struct explain *e, const struct option *o);

#endif
