/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a control group, and where a host keeps them (Documentation/admin-guide/cgroup-v2.rst). A bit is one of
 * enum host_controller. */
#ifndef AGENTJAIL_HOST_CGROUP_FILES_H
#define AGENTJAIL_HOST_CGROUP_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "host/cgroup.h"

#define CGROUP_PREFIX "agentjail-"
#define CGROUP_MOUNT "/sys/fs/cgroup"

struct cgroup_controller {
    const char *name; /* the kernel's */
    const char *key;  /* the profile's */
    const char *file; /* where its limit is written */
    unsigned bit;
};

#define CGROUP_CONTROLLERS 3
extern const struct cgroup_controller cgroup_controllers[CGROUP_CONTROLLERS];

/* The policy's limit for one bit. */
const struct limit *cgroup_limit(const struct policy *policy, unsigned bit);

/* The prefix of all paths: "" for the host itself, a directory in tests. */
const char *cgroup_host_root(const struct cgroup_host *host);

/* Whose limits these are: a group that is another user's is none to put a jail into. */
uid_t cgroup_host_uid(const struct cgroup_host *host);

/* sd_booted(3). */
bool cgroup_systemd_booted(const struct cgroup_host *host);

/* Write a value to a file of the group dir, in one write as these files want it; 0 or -errno. */
int cgroup_write(int dir, const char *name, const char *value);

/* The same for a number, in decimal. */
int cgroup_write_number(int dir, const char *name, uint64_t value);

/* Controllers that a file such as cgroup.controllers lists, as bits. */
unsigned cgroup_read_controllers(int dir, const char *name);

/* The number behind key in a file of "key number" lines (cgroup.events, memory.events), or -1. */
int64_t cgroup_read_event(int dir, const char *name, const char *key);

/* The path of a process's group in the unified hierarchy: the "0::" line of /proc/PID/cgroup (cgroups(7)). -ENOENT
 * when it has none, or one outside our cgroup namespace. */
int cgroup_read_group(const struct cgroup_host *host, const char *pid, struct buf *ret_group);

/* Open a group's directory; an fd that the caller owns, or -errno. ret_path becomes its path on the host. */
int cgroup_open(const struct cgroup_host *host, const char *group, struct buf *ret_path);

/* True if the kernel's value for a limit is as tight as asked (processes: with our own tasks on top). */
bool cgroup_limit_holds(int dir, unsigned bit, uint64_t value);

/* Kill everything in the group and wait until it is empty, 2 s at most. */
void cgroup_empty(int dir);

/* Remove an empty group from parent; waits a little for its last task to be gone. 0 or -errno. */
int cgroup_rmdir(int parent, const char *name);

#endif
