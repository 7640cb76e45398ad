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

struct bwrap_option {
    const char *name; /* without "--" */
    unsigned n_values;
    int (*take)(const struct bwrap_word *word); /* 0 or -errno with a message */
    unsigned number;
    unsigned flags;
    const char *values, *help;
};

extern const struct bwrap_option bwrap_options[];
extern const size_t n_bwrap_options;

/* The option of that name ("--" included), or NULL. */
const struct bwrap_option *bwrap_option_find(const char *name);

/* Take words until the command begins; what is left in *argc and *argv. For --args, which comes back here. */
int bwrap_words_take(struct bwrap_args *args, int *argc, char *const **argv, bool in_file, struct buf *why);

/* Values: file descriptors, modes. 0 or -EINVAL with a message in why. */
int bwrap_fd_parse(const char *text, const char *what, int *ret_fd, struct buf *why);
int bwrap_mode_parse(const char *text, const char *option, int *ret_mode, struct buf *why);

/* "Only the last NAME option will take effect". */
int bwrap_warn_last(struct bwrap_args *args, const char *name);


/* File operations (operations.c): the number is an enum op_kind, flags of the operation above it. */
#define BWRAP_OP(kind, flags) ((unsigned)(kind) | (unsigned)(flags) << 8)
int bwrap_take_bind(const struct bwrap_word *word);
int bwrap_take_bind_fd(const struct bwrap_word *word);
int bwrap_take_target(const struct bwrap_word *word);
int bwrap_take_data(const struct bwrap_word *word);
int bwrap_take_symlink(const struct bwrap_word *word);
int bwrap_take_chmod(const struct bwrap_word *word);
int bwrap_take_layer(const struct bwrap_word *word);
int bwrap_take_union(const struct bwrap_word *word);
int bwrap_take_perms(const struct bwrap_word *word);
int bwrap_take_size(const struct bwrap_word *word);

/* Capabilities by name, as libcap has them, by number, or ALL. 0 or -EINVAL. */
int bwrap_capability(const char *name, uint64_t *ret_set);

#endif
