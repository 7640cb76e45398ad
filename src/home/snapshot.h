/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's files that a jail can write, before it runs and after: which of them it has made, changed and removed, with the
 * SHA-256 of what was and is in them. Names are the payload's and so are links: nothing is followed. Bounded: what is beyond
 * has no hash, or is not in it. */
#ifndef AGENTJAIL_HOME_SNAPSHOT_H
#define AGENTJAIL_HOME_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence/crypto.h"
#include "plan/plan.h"

/* Bounds of one look. */
struct snapshot_limits {
    uint64_t entries;
    uint64_t bytes; /* that are hashed */
    int64_t ms;
};

#define SNAPSHOT_LIMITS ((struct snapshot_limits){ .entries = 500000, .bytes = 1ULL << 30, .ms = 5000 })

struct snapshot_file {
    char *path;
    uint64_t device, inode, size;
    int64_t changed_ns; /* its status, since 1970 */
    bool hashed;
    uint8_t hash[HASH_SIZE]; /* of a symlink: of where it leads */
};

struct snapshot {
    struct snapshot_file *v; /* by path */
    size_t n, size;
    bool cut; /* there is more */
};

/* Look at all that the plan lets the jail write of the host's. Of what stands in before (NULL: nothing) and has not changed
 * since the hash is taken from there. crypto_open() was called. 0 or -ENOMEM. */
int snapshot_take(struct snapshot *ret, const struct plan *plan, const struct snapshot *before, struct snapshot_limits limits);

enum snapshot_change { SNAPSHOT_CREATED, SNAPSHOT_WRITTEN, SNAPSHOT_TOUCHED /* not its content */, SNAPSHOT_REMOVED };

/* Go through what differs, in order of names: call tell for each; before or after is NULL where there was none. */
void snapshot_compare(const struct snapshot *before, const struct snapshot *after,
                      void (*tell)(void *context, enum snapshot_change change, const struct snapshot_file *before,
                                   const struct snapshot_file *after),
                      void *context);

/* Release what it holds. */
void snapshot_free(struct snapshot *s);

#endif
