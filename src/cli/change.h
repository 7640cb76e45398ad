/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_CLI_CHANGE_H
#define AGENTJAIL_CLI_CHANGE_H

#include "profile/request.h"

/* --id=ID with --grant, --revoke, --publish and --unpublish: change a running jail's network, one after the other. 0, 1 if a
 * change could not be made, 125. */
int change_main(const struct policy_request *request);

#endif
