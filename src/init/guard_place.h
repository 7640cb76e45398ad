/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a path of the asker's leads, from its own directories and descriptors, in the view that it shares with init. */
#ifndef AGENTJAIL_INIT_GUARD_PLACE_H
#define AGENTJAIL_INIT_GUARD_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "init/guard_asker.h"

/* A path is followed in it: what is left of the path, with a symlink's text before it. */
#define PLACE_TEXT_MAX (2 * PATH_MAX)

struct place {
    int dir;      /* O_PATH; the directory that the name is in */
    int target;   /* O_PATH; what is there, -1: nothing (only where it was asked for) */
    struct stat st; /* of the target */
    bool by_fd;   /* the target was reached through a descriptor of the asker's (/proc/self/fd/N): dir and name say nothing */
    char *name;   /* last component with the slashes behind it, as the kernel is to see it */
    char text[PLACE_TEXT_MAX];
    char path[PATH_MAX + NAME_MAX + 2]; /* of the name or target, as seen from the root; without slashes behind */
};

enum place_want {
    PLACE_NAME,     /* dir, name and path only */
    PLACE_NOFOLLOW, /* and what is there, a symlink itself */
    PLACE_FOLLOW,   /* and what is there, at the end of all symlinks: that is where name and path are then */
};

/* To begin with; the long fields are left as they are. */
static inline void place_init(struct place *p)
{
    p->dir = p->target = -1;
    p->by_fd = false;
    p->name = p->text;
    p->text[0] = p->path[0] = '\0';
}

/* Find a path that the call's argument path points to, relative to dirfd (a descriptor of the asker's, or AT_FDCWD). ret was
 * place_init()ed, and is to be closed in any case. 0 or -errno, as the kernel would answer; -EACCES in /proc, but for what is
 * the asker's own there (guard_place.c). */
int guard_place_find(struct asker *a, int dirfd, uint64_t path, enum place_want want, struct place *ret);

/* The same for a path that was read already, from the current directory. */
int guard_place_follow(struct asker *a, const char *path, enum place_want want, struct place *ret);
/* The same for a path that we have, with all symlinks followed: what a script is run by. It is not told as the call's. */
int guard_place_find_text(struct asker *a, const char *path, struct place *ret);

/* A descriptor of the asker's as the target (AT_EMPTY_PATH). 0 or -errno. */
int guard_place_of_fd(struct asker *a, int fd, struct place *ret);

/* May the target be opened for the asker, if it is in /proc: is it the asker's own, and harmless? True for what is not there.
 * */
bool guard_place_permitted(struct asker *a, const struct place *p);

static inline void cleanup_place(struct place *p)
{
    cleanup_close(&p->dir);
    cleanup_close(&p->target);
}
#define _cleanup_place_ _cleanup_(cleanup_place)

#endif
