/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jails that run: the reading side of the registry, for the modes that list, look into and end them. Never changes
 * anything. As root, what other users' registries hold is hostile: it is believed only as far as the kernel says the
 * same. */
#ifndef AGENTJAIL_REGISTRY_JAILS_H
#define AGENTJAIL_REGISTRY_JAILS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "registry/registry.h"

/* A registry directory. */
struct jail_dir {
    int fd;
    uid_t uid;
    dev_t dev;
    ino_t ino;
    bool left; /* a killed monitor's entry was seen */
};

struct jail {
    char id[JAIL_ID_MAX];
    size_t dir;          /* index */
    uid_t uid;
    pid_t monitor, init;
    bool lone;           /* init is the command itself */
    int64_t born[2];     /* ms of CLOCK_BOOTTIME: init was cloned in between */
    int64_t start;       /* seconds since 1970 */
    enum jail_state state;
    char *profile, *network, *workspace, *command, *cgroup; /* never NULL, "" for none; in text */
    char *text;          /* owned */
};

struct jails {
    struct jail *v; /* by start */
    size_t n, size;
    struct jail_dir *dirs;
    size_t n_dirs;
};

/* Take an entry's text apart. text is malloc'ed; the jail owns it, also on failure. 0, or -EINVAL if it is none. */
int jail_parse(char *text, struct jail *ret);

/* Find the jails of this user: in runtime_dir and state_dir/run (either may be NULL). all_users (root): also those of
 * every process that holds a registry open. 0 or -errno. */
int jails_find(const char *runtime_dir, const char *state_dir, bool all_users, struct jails *ret);

/* The jail whose id begins with name, if there is one only. NULL with a line for people in why. */
const struct jail *jails_pick(const struct jails *list, const char *name, struct buf *why);

/* A pidfd of the jail's init, checked after it was opened to be the process that the entry means; -ESRCH if that is gone,
 * or another -errno. The caller closes it. */
int jail_open_init(const struct jail *jail);

/* The same of its monitor: the process that holds the entry's lock. */
int jail_open_monitor(const struct jails *list, const struct jail *jail);

/* True while the jail's monitor holds its entry. */
bool jail_is_there(const struct jails *list, const struct jail *jail);

/* Release all of it, the directories' descriptors too. */
void jails_free(struct jails *list);

#define _cleanup_jails_ _cleanup_(jails_free)

#endif
