/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's side of scope.so: a child loads the module, so that libsystemd's pages end with it. */
#ifndef AGENTJAIL_MONITOR_CGROUP_SCOPE_H
#define AGENTJAIL_MONITOR_CGROUP_SCOPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "modules/scope.h"

/* The module's path: installed, or the build tree's if we run from there. True if it can be read. ret_path may be NULL. */
bool scope_module_find(struct buf *ret_path);

/* Load the module in a child and have it make the scope. 0, or -errno with a line for people in why. Blocks for
 * request->timeout_usec and a little more at most. */
int scope_request_run(const struct scope_request *request, struct buf *why);

#endif
