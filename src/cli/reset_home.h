/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --reset-home: the profile's kept home is removed, so that the next run makes it anew. */
#ifndef AGENTJAIL_CLI_RESET_HOME_H
#define AGENTJAIL_CLI_RESET_HOME_H

#include "profile/request.h"

/* Ask (unless --reset-home=yes) and remove. The exit status. */
int reset_home_main(const struct policy_request *request);

#endif
