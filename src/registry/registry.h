/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of running jails: one file a jail, in a directory of the user's that no payload can see, and beside it the
 * jail's control socket, ID.sock. The monitor keeps its entry locked (flock(2)) for as long as it lives, so an entry that
 * can be locked is one that a killed monitor left. This is the writing side; jails.h reads.
 *
 * An entry is lines "key=value", the value as base/record.h writes a field. The first one is the state, of always the
 * same length, so that it can be written over. */
#ifndef AGENTJAIL_REGISTRY_H
#define AGENTJAIL_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define JAIL_ID_MAX 16
#define REGISTRY_ENTRY_MAX 16384 /* bytes of an entry */

enum jail_state { JAIL_RUNNING, JAIL_FROZEN, JAIL_STATES };

/* As entries write them. */
extern const char *const jail_state_names[JAIL_STATES];

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
    bool lone;           /* init is the command itself: bubblewrap's, without a pid namespace */
    int64_t born[2];     /* ms of CLOCK_BOOTTIME before and after init was cloned: tells it from a later process */
    const char *profile;
    const char *workspace; /* NULL: none */
    const char *network;
    char *const *command; /* with its arguments, up to NULL */
    const char *cgroup;   /* absolute path of the jail's own cgroup, or NULL */
};

/* Choose an id for a new jail. 0 or -errno. */
int registry_name(struct registry *r);

/* Write this jail's entry and lock it, in runtime_dir, or where that cannot be had or is full, in state_dir/run. Either may
 * be NULL. The directory is made; it must be ours and ours alone. 0 or -errno. */
int registry_add(struct registry *r, const char *runtime_dir, const char *state_dir, const struct registry_facts *facts);

/* Write another state into the entry. 0 or -errno. */
int registry_set_state(const struct registry *r, enum jail_state state);

/* Remove what killed monitors left: their entries, sockets and cgroups. */
void registry_sweep(const struct registry *r);

/* Remove this jail's socket and entry and close everything. */
void registry_remove(struct registry *r);

#endif
