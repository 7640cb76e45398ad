/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One profile file while it is read, on top of those that include it. */
#ifndef AGENTJAIL_PROFILE_FRAME_H
#define AGENTJAIL_PROFILE_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "profile/load.h"
#include "profile/option.h"

struct frame {
    struct load *load;
    const struct frame *up;
    const char *file; /* for messages, owned by the arena */
    enum file_kind kind;
    enum layer layer;
    size_t dir; /* index of the directory it lies in; N_PROFILE_DIRS: named by path */
    bool fixed; /* a profile that the user's directory must not change */
    bool whole; /* included, but a profile by itself: what it says about itself is not the including one's */
    unsigned depth;
    unsigned line;            /* being read */
    bool self;                /* looking for it, the including file itself was met */
    unsigned seen[N_OPTIONS]; /* lines of the scalar keys */
    struct settings *out;
};

/* Read the file, name below dirfd, into f->out, with what it includes; f->file and f->layer say what it is. trusted: owner
 * and mode are not looked at. 0 or -errno with a message, but for -ENOENT, which has none. */
int frame_read(struct frame *f, int dirfd, const char *name, bool trusted);

/* Read NAME.ini of the directory of that index, looked for in its include/ first if asked; sets f->dir, f->layer and
 * f->file. As frame_read(); -ELOOP with a message that wants the place of the include at its end. */
int frame_read_named(struct frame *f, size_t dir, const char *name, bool include);

/* Read the file that an include names. 0 or -errno with a message. */
int frame_include(const struct frame *f, const struct setting *s);

/* One entry of a file, for reader_parse(): data is the file's frame. 0 or -errno with a message. */
int frame_take(void *data, const char *section, const char *name, const char *value, unsigned line, struct buf *why);

/* Say that there is no such file in any directory: for the setting that names it (what: a word for it), or without one for
 * the command line's --profile. Returns -errno. */
int frame_missing(struct load *l, const struct setting *s, const char *what, const char *name);

#endif
