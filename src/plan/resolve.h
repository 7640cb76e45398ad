/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding what a grant's path means on this host: its real path, and the symlinks that lead there. */
#ifndef AGENTJAIL_PLAN_RESOLVE_H
#define AGENTJAIL_PLAN_RESOLVE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/strv.h"

/* One symlink on the way: where it lies (real path of its directory + name) and its text. */
struct link_step {
    char *path;
    char *text;
};

struct resolved {
    char *path; /* real path; owned */
    struct stat st;
    struct link_step *links; /* owned; in the order met */
    size_t n_links;
};

/* The directories that were looked into last: grants come in runs from a few directories, and looking a name up in an open
 * one costs a quarter of opening it by its whole path. */
enum { RESOLVER_DIRS = 4 };

struct resolver {
    struct resolver_dir {
        char *dir; /* absolute, without symlinks; NULL: none; owned */
        int fd;    /* O_PATH, or -errno: what opening it said */
    } dirs[RESOLVER_DIRS];
    size_t now;    /* the one looked into last */
    size_t oldest; /* the one to give up next */
};

#define RESOLVER_EMPTY ((struct resolver){ .dirs = { { NULL, -1 }, { NULL, -1 }, { NULL, -1 }, { NULL, -1 } } })

/* Close and forget the directories that were looked into; the resolver is empty then. */
void resolver_free(struct resolver *resolver);

/* Resolve an absolute path. O_PATH opens only, so nothing is triggered or read. 0, or -errno (-ENOENT: missing, -ELOOP:
 * more than 40 symlinks, -EACCES: a directory on the way may not be searched). */
int path_resolve(struct resolver *resolver, const char *path, struct resolved *ret_resolved);

/* The same, but where a directory may not be searched, or is none (-EACCES and -ENOTDIR above), what is in its place is the
 * answer. 0 or -errno. */
int path_resolve_as_far(const char *path, struct resolved *ret_resolved);

/* Whether this user could put something else in the place of path, a real path, working from the directory top around it:
 * not if each directory from top to path belongs to somebody else who lets them not write it. */
bool path_may_change(const char *top, const char *path);

/* Free what a resolution has found. */
void resolved_free(struct resolved *r);

#define _cleanup_resolved_ _cleanup_(resolved_free)

/* Real path of something that need not exist: its deepest existing ancestor resolved, the rest as written. path is
 * absolute. 0 or -errno, as path_resolve(). */
int path_resolve_missing(struct resolver *resolver, const char *path, struct resolved *ret_resolved);

#endif
