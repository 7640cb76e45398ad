/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of running jails: one file a jail, in a directory of the user's that no payload can see. The monitor keeps
 * its entry locked (flock(2)) for as long as it lives, so an entry that can be locked is one that a killed monitor
 * left. */
#ifndef AGENTJAIL_MONITOR_REGISTRY_H
#define AGENTJAIL_MONITOR_REGISTRY_H

#include <stdbool.h>
#include <sys/types.h>

#define JAIL_ID_MAX 16

struct registry {
    int dir;                /* -1: there is none */
    int entry;              /* locked file, -1: none */
    char id[JAIL_ID_MAX];   /* of this jail; also its file's name */
};

#define REGISTRY_EMPTY ((struct registry){ .dir = -1, .entry = -1 })

/* What an entry tells. */
struct registry_facts {
    pid_t monitor;
    pid_t init;
    const char *profile;
    const char *command;
    const char *cgroup; /* absolute path of the jail's own cgroup, or NULL */
};

/* Choose an id for a new jail. 0 or -errno. */
int registry_name(struct registry *r);

/* Open the directory (making it): runtime_dir, or where that cannot be had (its parent does not exist), state_dir/run.
 * Either may be NULL. It must be ours and ours alone. 0 or -errno. */
int registry_open(struct registry *r, const char *runtime_dir, const char *state_dir);

/* Write this jail's entry and lock it. 0 or -errno. */
int registry_add(struct registry *r, const struct registry_facts *facts);

/* Remove what killed monitors left: their entries and cgroups. */
void registry_sweep(const struct registry *r);

/* Remove this jail's entry and close everything. */
void registry_remove(struct registry *r);

#endif
