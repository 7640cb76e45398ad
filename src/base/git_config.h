/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git's configuration files (git-config(1), "CONFIGURATION FILE"): read, changed entry by entry, with everything else in
 * them left as it stands. Pure. Reads bytes that may be hostile; what git would refuse is refused. */
#ifndef AGENTJAIL_BASE_GIT_CONFIG_H
#define AGENTJAIL_BASE_GIT_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"

enum { GIT_CONFIG_BYTES = 1 << 18, GIT_CONFIG_ENTRIES = 10000 };

struct git_entry {
    char *section;    /* lower case */
    char *subsection; /* as it stands; NULL: none */
    char *key;        /* lower case; NULL: the header of a section */
    char *value;      /* NULL: none written, which means true */
    size_t begin, end; /* the bytes of the text that are its own: its lines */
};

struct git_config {
    struct git_entry *v;
    size_t n, size;
};

/* Read a file's text. 0, -EINVAL where git would find a fault, and for what an entry written behind it would change the
 * meaning of; -E2BIG for more than any real one has, -ENOMEM. */
int git_config_parse(const char *text, size_t len, struct git_config *ret_config);

/* Release what config holds and make it empty. */
void git_config_free(struct git_config *config);

/* True if two entries are of the same name. */
bool git_entry_same(const struct git_entry *a, const struct git_entry *b);

/* Append "[section \"subsection\"]" and a newline, quoted as need be; 0 or -ENOMEM. */
int git_config_header(struct buf *out, const struct git_entry *entry);

/* Append "\tkey = value" and a newline, quoted as need be; 0 or -ENOMEM. */
int git_config_line(struct buf *out, const struct git_entry *entry);

/* text with every entry named like name replaced by the n values (entries named so; n 0: none) at the end of its section,
 * which is made at the end of the file if there is none, and goes when nothing is left in it. Into out. 0 or as
 * git_config_parse(). */
int git_config_replace(const char *text, size_t len, const struct git_entry *name, const struct git_entry *const *values,
                       size_t n, struct buf *out);

#define _cleanup_git_config_ _cleanup_(git_config_free)

#endif
