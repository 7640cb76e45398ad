/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of a plan that a command line names, bubblewrap's and our own alike: one table, by name. Words become
 * operations here, in their order; what they mean on the host is their callers' part. */
#ifndef AGENTJAIL_PLAN_OPERATIONS_H
#define AGENTJAIL_PLAN_OPERATIONS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/strv.h"
#include "plan/plan.h"

/* A command line being taken. */
struct operations {
    struct plan *plan;
    int next_perms;          /* --perms for the next operation, -1: none */
    uint64_t next_size;      /* --size, 0: none */
    struct strv next_layers; /* --overlay-src; owned */
};

/* One of its options. */
struct operation_word {
    struct operations *to;
    const char *name;    /* "--" included */
    char *const *value;  /* n_values of them */
    unsigned number;     /* the row's */
    struct buf *why;
};

enum operation_flags {
    OPERATION_MODIFIER = 1 << 0, /* waits for the operation that follows */
    OPERATION_LAYERS = 1 << 1,   /* may follow --overlay-src */
    OPERATION_FD = 1 << 2,       /* the first value is a descriptor */
};

/* A row of the table. */
struct operation {
    const char *name; /* without "--" */
    unsigned n_values;
    int (*take)(const struct operation_word *word); /* 0 or -errno with a message */
    unsigned number;
    unsigned flags;
};

/* The operation of that name (without "--"), in static memory, or NULL: there is none. */
const struct operation *operation_find(const char *name);

/* The name (without "--") by which an OP_BIND was asked for, as long as nothing has changed its flags and fd. */
const char *operation_bind_name(const struct op *op);

/* Take an option of that row: append to to->plan, or keep what the next one waits for. 0, or -EINVAL with a message in why as
 * bubblewrap words it, or -ENOMEM. */
int operation_take(struct operations *to, const struct operation *row, const char *name, char *const *value,
                   struct buf *why);

/* What --perms, --size and --overlay-src wait for must be the next operation: flags are those of the option just taken. 0, or
 * -EINVAL with a message in why, or -ENOMEM. */
int operations_check(const struct operations *to, unsigned flags, struct buf *why);

/* The same at the end of the options. */
int operations_end(const struct operations *to, struct buf *why);

/* A path below a root, whatever it begins with: one slash before each part, none behind, no ".". To be freed; NULL without
 * memory. */
char *operation_path(const char *path);

/* A number that is not negative, such as a file descriptor; one that is too large for an int wraps, as it does in bubblewrap.
 * what: its name in the message, "fd". 0, or -EINVAL with a message in why, or -ENOMEM. */
int operation_fd_parse(const char *text, const char *what, int *ret_fd, struct buf *why);

#endif
