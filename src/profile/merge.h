/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The work in progress between settings and policy. Internal to this folder. */
#ifndef AGENTJAIL_PROFILE_MERGE_H
#define AGENTJAIL_PROFILE_MERGE_H

#include "base/buf.h"
#include "base/strv.h"
#include "profile/arena.h"
#include "profile/dirs.h"
#include "profile/request.h"
#include "profile/setting.h"

/* A file that was read: it must lie where no payload can write. */
struct source {
    const char *file; /* as named */
    const char *real; /* its path on the host, or NULL */
    enum layer layer;
};

struct merge {
    struct policy *policy;
    struct arena *arena;
    const struct policy_host *host;
    const char *cwd; /* free of symlinks; NULL if the directory is gone */
    struct dirs dirs;
    struct dirs account; /* what ceilings mean by ~ and ${...}; looked up when one says it */
    bool has_account;
    struct settings ceilings;        /* of policy.d */
    struct settings settings;        /* of profile and command line, in order */
    const struct setting *workspace; /* the last one that sets it */
    struct source *sources;
    size_t n_sources, sources_size;
    const struct setting **grant_settings; /* which setting made policy->grants[i]; NULL: the workspace's own */
    size_t grants_size, env_size, imports_size;
    /* By option_id, where the command line is not made of our options: what to write there; NULL: nothing would do. NULL as
     * a whole: it is made of them. */
    const char *const *instead;
    struct buf *why;
};

/* The policy's values where nobody writes any. 0 or -ENOMEM. */
int merge_defaults(struct merge *m);

/* Append a line for people to policy->notes; 0 or -ENOMEM. */
int merge_note(struct merge *m, const char *format, ...) _printf_(2, 3);

/* Replace a leading "~" and every "${NAME}" in text. -ENXIO without message when it names ${WORKSPACE} and there is
 * none; otherwise -errno with a message about s in m->why. */
int expand(struct merge *m, const struct setting *s, const char *text, char **ret_text);

/* Append a grant; path belongs to the arena. 0 or -ENOMEM. */
int merge_grant(struct merge *m, enum grant_kind kind, char *path, bool optional, struct origin origin,
                const struct setting *setting);

/* Take the i-th grant out. */
void merge_drop_grant(struct merge *m, size_t i);

/* The path of a setting of a list of paths: "-" taken off, expanded, absolute, normalised. -ENXIO: it depends on a
 * workspace that there is not; otherwise as expand(). */
int merge_path(struct merge *m, const struct setting *s, char **ret_path, bool *ret_optional);

#endif
