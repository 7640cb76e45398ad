/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agentjail --inspect: one running jail, from its registry entry, the kernel, and what its monitor answers. */
#ifndef AGENTJAIL_CLI_INSPECT_H
#define AGENTJAIL_CLI_INSPECT_H

struct policy_request;

/* Returns agentjail's exit status. */
int inspect_main(const struct policy_request *request);

#endif
