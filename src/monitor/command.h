/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_MONITOR_COMMAND_H
#define AGENTJAIL_MONITOR_COMMAND_H

#include "base/buf.h"
#include "plan/plan.h"
#include "profile/policy.h"

/* Why a command could not be executed inside, and what to write to make it so: looked up on the host, as the jail only
 * says error (errno of execve(2)). Appends one line without newline to text. */
void command_explain(const struct plan *plan, const char *command, const char *path, int error, struct buf *text);

#endif
