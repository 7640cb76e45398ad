/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's environment: what the profile's [env] lists, and what must be true inside the jail. */
#ifndef AGENTJAIL_MONITOR_ENVIRONMENT_H
#define AGENTJAIL_MONITOR_ENVIRONMENT_H

#include "base/strv.h"
#include "profile/policy.h"

/* Make the environment from the host's.
 *
 * Always set, whatever the host says (a NAME = VALUE of the profile excepted): HOME, USER, LOGNAME, SHELL, TMPDIR;
 * PATH, of the host's absolute directories from which the policy lets programs run, in order; AGENTJAIL=1, by which a
 * program can tell where it is. Then NAME = VALUE rules, then the host's variables that a rule names. Variables by
 * which one program makes another run something (LD_*, BASH_ENV, NODE_OPTIONS, GIT_SSH_COMMAND, ...) pass only by their
 * exact name, never by NAME*. Values pass as they are.
 *
 * ret_dropped (may be NULL) gets the names of the host's variables that do not pass. 0 or -ENOMEM. */
int environment_build(const struct policy *policy, char *const *host_env, struct strv *ret_env,
                      struct strv *ret_dropped);

#endif
