/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Way 2 of cgroup.c: a transient scope of systemd. A child loads scope.so, so that libsystemd's pages end with it. */
#ifndef AGENTJAIL_HOST_CGROUP_SCOPE_H
#define AGENTJAIL_HOST_CGROUP_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "host/cgroup.h"
#include "modules/scope.h"

/* True if the module can be read: the installed one, or the build tree's if we run from there. */
bool cgroup_scope_module(void);

/* The controllers that systemd could give a scope here; 0 if it or the module is not to be had. Makes nothing. */
unsigned cgroup_scope_controllers(const struct cgroup_host *host);

/* Have systemd put init into a scope named cgroup->unit with the limits of cgroup->held, and open its group. 0, or
 * -errno with a line for people in why. Blocks until systemd is done, about 20 s at worst. */
int cgroup_scope_attach(struct cgroup *cgroup, pid_t init, struct buf *why);

#endif
