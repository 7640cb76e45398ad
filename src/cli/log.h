/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_CLI_LOG_H
#define AGENTJAIL_CLI_LOG_H

#include "profile/request.h"

/* --log: print what a jail's log says, a line a record, or with --json the records themselves. Returns the exit status. */
int log_main(const struct policy_request *request);

#endif
