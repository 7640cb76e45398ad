/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gateway's first step: into a user and a pid namespace of its own. */
#ifndef AGENTJAIL_GATEWAY_ENTER_H
#define AGENTJAIL_GATEWAY_ENTER_H

/* Returns in a new process, a child of the caller's parent, which is PID 1 and uid 0 there; the caller ends. Needs a procfs at
 * /proc. 0, or -errno in the caller, with what failed in ret_what. */
int gateway_enter(const char **ret_what);

#endif
