/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a directory without memory of its own, by getdents64(2). */
#ifndef AGENTJAIL_SYS_ENTRIES_H
#define AGENTJAIL_SYS_ENTRIES_H

#include <stdint.h>

struct entry {
    uint64_t ino;
    int64_t off;
    uint16_t len;
    uint8_t type; /* DT_... */
    char name[];
};

struct entries {
    int dir; /* stays the caller's; read on from where it is */
    int error;
    long n, at;
    _Alignas(struct entry) char data[4096];
};

/* Begin. Nothing else is to be set. */
void entries_begin(struct entries *e, int dir);

/* The next entry but "." and "..", valid until the next call. NULL at the end, or when e->error is -errno. */
const struct entry *entries_next(struct entries *e);

#endif
