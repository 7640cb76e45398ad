/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of bubblewrap's options. Internal to this folder. */
#ifndef AGENTJAIL_BWRAP_OPTIONS_H
#define AGENTJAIL_BWRAP_OPTIONS_H

#include "bwrap/args.h"

/* One option being taken: argv begins with its own name. */
struct bwrap_word {
    struct bwrap_args *args;
    const char *name;
    char *const *value; /* n_values of them */
    unsigned number;    /* the row's */
    bool in_file;       /* it stands in what --args gave */
    struct buf *why;
};

enum bwrap_flags {
    BWRAP_MODIFIER = 1 << 0, /* waits for the operation that follows */
    BWRAP_LAYERS = 1 << 1,   /* may follow --overlay-src */
    BWRAP_ONE = 1 << 2,      /* "takes one argument", not "an" */
};

/* A row of the table. */
struct bwrap_option {
    const char *name; /* without "--" */
    unsigned n_values;
    int (*take)(const struct bwrap_word *word); /* 0 or -errno with a message */
    unsigned number;
    unsigned flags;
    const char *values, *help;
};

/* All of them, in the order of --help. */
extern const struct bwrap_option bwrap_options[];
extern const size_t n_bwrap_options;

/* The option of that name ("--" included), in static memory, or NULL: there is none. */
const struct bwrap_option *bwrap_option_find(const char *name);

/* Append bubblewrap's --help, in our words: a line for each option. name: how the program was called. 0 or -ENOMEM. */
int bwrap_usage(const char *name, struct buf *out);

/* The options that add to the plan (operations.c); each is a row's take(). BWRAP_OP packs what number holds for them. */
#define BWRAP_OP(kind, flags) ((unsigned)(kind) | (unsigned)(flags) << 8)

/* SRC DEST: --bind and its kin. */
int bwrap_take_bind(const struct bwrap_word *word);

/* FD DEST: --bind-fd, --ro-bind-fd. The operation has FD and its name in /proc as the source until the path is looked up. */
int bwrap_take_bind_fd(const struct bwrap_word *word);

/* DEST: what is made there from nothing, with --perms and --size where they count, or changed. */
int bwrap_take_target(const struct bwrap_word *word);

/* FD DEST: a file of what FD gives. */
int bwrap_take_data(const struct bwrap_word *word);

/* TEXT DEST: --symlink. */
int bwrap_take_symlink(const struct bwrap_word *word);

/* OCTAL PATH: --chmod. */
int bwrap_take_chmod(const struct bwrap_word *word);

/* SRC: --overlay-src, kept for the overlay that must follow. */
int bwrap_take_layer(const struct bwrap_word *word);

/* The overlay of what --overlay-src named. number: 0 with the host's RWSRC WORKDIR DEST, 1 in memory, 2 read-only. */
int bwrap_take_union(const struct bwrap_word *word);

/* OCTAL: --perms, kept for the operation that must follow. */
int bwrap_take_perms(const struct bwrap_word *word);

/* BYTES: --size, kept for the tmpfs that must follow. */
int bwrap_take_size(const struct bwrap_word *word);

#endif
