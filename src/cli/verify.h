/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_CLI_VERIFY_H
#define AGENTJAIL_CLI_VERIFY_H

#include "profile/request.h"

/* --verify: say whether a log is as it was written. Returns the exit status: 0 only if it is whole. */
int verify_main(const struct policy_request *request);

#endif
