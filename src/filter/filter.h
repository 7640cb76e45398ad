/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seccomp filters: readable files (profiles/seccomp/NAME.filter) compiled once into a range-tree BPF program, cached by
 * content. Runs in the monitor; the jail only loads the finished program. */
#ifndef AGENTJAIL_FILTER_FILTER_H
#define AGENTJAIL_FILTER_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct filter_program {
    struct sock_filter *code; /* owned */
    size_t n;                 /* instructions, at most BPF_MAXINSNS */
    bool cached;              /* came from the cache */
};

/* What a filter is looked up with. */
struct filter_request {
    const char *name;             /* "default", "locked", ... or a path with a slash in it */
    const char *const *directories; /* NULL-terminated, first match wins: user's, /etc/agentjail/seccomp, packaged */
    bool nested;                  /* add the group that lets the payload make namespaces and mounts */
    const char *cache_dir;        /* NULL: no cache; a directory that no payload can ever write */
};

/* Find, read and compile (or take from the cache) a filter. 0 or -errno with "file:line: problem, fix" in why. */
int filter_load(const struct filter_request *request, struct filter_program *ret_program, struct buf *why);

void filter_program_free(struct filter_program *program);

#endif
