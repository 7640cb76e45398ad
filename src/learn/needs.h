/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that a run has used, each path once. Bounded, whatever the payload does. */
#ifndef AGENTJAIL_LEARN_NEEDS_H
#define AGENTJAIL_LEARN_NEEDS_H

#include <stddef.h>
#include <stdint.h>

/* What was done with one, as bits. */
enum {
    NEED_READ = 1,
    NEED_LIST = 2,    /* a directory was opened */
    NEED_EXEC = 4,    /* run, or mapped to be run */
    NEED_WRITE = 8,   /* made, written, removed */
    NEED_REFUSED = 16, /* that was refused */
    NEED_MISSING = 32, /* it was to be read, and is not there */
};

enum { NEEDS_MAX = 20000, NEEDS_BYTES_MAX = 8 << 20 };

struct need {
    char *path;
    unsigned how;
    uint32_t hash;
};

struct needs {
    struct need *v; /* in the order of their first use */
    size_t n, size, bytes;
    uint32_t *index; /* internal */
    uint64_t more;   /* uses that found no room */
};

/* Note a use of an absolute path, which is copied. Never fails: what has no room is counted. */
void needs_add(struct needs *needs, const char *path, unsigned how);

/* Release what it holds and make it empty. */
void needs_free(struct needs *needs);

#endif
