/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files are read, in which order: directories, includes, drop-ins, the choice by match. Everything read here
 * becomes settings in the order in which it acts. */
#ifndef AGENTJAIL_PROFILE_LOAD_H
#define AGENTJAIL_PROFILE_LOAD_H

#include "profile/merge.h"

/* A directory with profiles. */
struct profile_dir {
    int fd;           /* -1: not there */
    const char *path; /* owned by the arena; NULL: the user has none */
    enum layer layer;
    bool trusted; /* owners and modes are not looked at: a source tree */
};

enum { N_PROFILE_DIRS = 3, INCLUDE_DEPTH = 8, FILES_MAX = 200 };

struct load {
    struct merge *m;
    struct profile_dir dirs[N_PROFILE_DIRS]; /* the user's, the administrator's, the packaged */
};

#define LOAD_EMPTY ((struct load){ .dirs = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } } })

/* Which kind of file a text is: some keys belong to one kind only. */
enum file_kind { FILE_PROFILE, FILE_PART, FILE_CEILING };

/* Open the three directories. 0 or -errno; one that others may write is refused. */
int load_open(struct load *l, struct merge *m);

/* Close them. */
void load_close(struct load *l);

/* Read /etc/agentjail/policy.d into m->ceilings. 0 or -errno. */
int load_ceilings(struct load *l);

/* Read the profile (a name, or a path if it has a slash) with its includes, then its drop-ins, into m->settings; sets
 * policy->name and profile_origin. */
int load_profile(struct load *l, const char *name);

/* Read a text as a file of that kind, with its includes, into m->settings (m->ceilings). On failure *ret_line is the line
 * of the text which that comes from, 0 if none. For --check. */
int load_text(struct load *l, const char *file, enum file_kind kind, const char *text, size_t len, unsigned *ret_line);

/* Read one include by name as the command line asks for it. */
int load_include(struct load *l, const struct setting *s);

#define _cleanup_load_ _cleanup_(load_close)

#endif
