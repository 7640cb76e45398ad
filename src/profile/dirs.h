/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's directories: HOME, the XDG base directories, and agentjail's own below them. */
#ifndef AGENTJAIL_PROFILE_DIRS_H
#define AGENTJAIL_PROFILE_DIRS_H

#include "base/buf.h"
#include "profile/arena.h"
#include "profile/request.h"

/* All normalised; owned by the arena. */
struct dirs {
    const char *home;    /* NULL: the user has none */
    const char *config;  /* $XDG_CONFIG_HOME or its default; NULL without home, as the next three */
    const char *data;    /* $XDG_DATA_HOME */
    const char *state;   /* $XDG_STATE_HOME */
    const char *cache;   /* $XDG_CACHE_HOME */
    const char *runtime; /* $XDG_RUNTIME_DIR, else /run/user/UID */
    const char *user;    /* login name, "" if unknown */
};

/* The value of a variable, NULL if it is not set. */
const char *env_get(char *const *env, const char *name);

/* The host as it is. Always 0. */
int host_load(struct policy_host *ret_host);

/* Find the directories. HOME is the passwd database's when $HOME is not an absolute path; an XDG variable that is not
 * one is refused. 0 or -errno, message in why. */
int dirs_load(struct arena *arena, const struct policy_host *host, struct dirs *ret_dirs, struct buf *why);

/* The same without the environment, which is the user's to set: by the passwd database and the usual places below. For what
 * ceilings say. 0 or -errno, message in why. */
int dirs_of_account(struct arena *arena, const struct policy_host *host, struct dirs *ret_dirs, struct buf *why);

#endif
