/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which changes that a jail made to its copy of a git configuration the host's file gets. The copy is hostile: what it says
 * is kept by a list of names with values of a known form, everything else is dropped and told. */
#ifndef AGENTJAIL_HOME_GIT_KEEP_H
#define AGENTJAIL_HOME_GIT_KEEP_H

#include <stdbool.h>

#include "base/buf.h"

struct git_keep {
    const char *base, *copy, *host; /* the file as the jail got it, as it left it, as it is on the host now */
    /* May a remote be this local repository? Not where a payload writes, as a push runs its hooks. path as written. */
    bool (*local_is_safe)(const void *data, const char *path);
    const void *data;
};

/* Write the host's file with what is kept into text (empty: nothing changes), the names of what is kept and dropped, safe
 * for a terminal, into kept and dropped, ", " between them. 0; -EINVAL: copy or base or host cannot be read; -E2BIG: more
 * than any real one has; -ENOMEM. */
int git_keep(const struct git_keep *keep, struct buf *text, struct buf *kept, struct buf *dropped);

#endif
