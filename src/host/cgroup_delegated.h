/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Way 1 of cgroup.c: a subtree that was delegated to us. */
#ifndef AGENTJAIL_HOST_CGROUP_DELEGATED_H
#define AGENTJAIL_HOST_CGROUP_DELEGATED_H

#include "base/buf.h"
#include "host/cgroup.h"

/* Make and fill the jail's group below a delegated directory. Sets cgroup->held to the bits of want that it holds; when
 * that is none, what there may be of it is the caller's to remove. */
void cgroup_delegate(struct cgroup *cgroup, const char *jail_id, unsigned want);

/* Bring the monitor back from its leaf, if it went there, and remove that. Best effort. */
void cgroup_leave_leaf(struct cgroup *cgroup);

/* The controllers that way 1 could have here, without making anything. */
unsigned cgroup_delegated_controllers(const struct cgroup_host *host);

#endif
