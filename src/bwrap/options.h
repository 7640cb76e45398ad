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
    BWRAP_ONE = 1 << 0, /* "takes one argument", not "an" */
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

#endif
