/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seccomp filters: readable files (profiles/seccomp/NAME.filter) compiled once into a range-tree BPF program, cached by
 * content. Runs in the monitor; the jail only loads the finished program. The language: agentjail-filter(5). */
#ifndef AGENTJAIL_FILTER_FILTER_H
#define AGENTJAIL_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "filter/program.h"

/* What a filter is looked up with. */
struct filter_request {
    const char *name;               /* "default", "locked", ... or a path with a slash in it */
    const char *const *directories; /* NULL-terminated, first match wins: user's, /etc/agentjail/seccomp, packaged */
    bool nested;                    /* add "nested": what lets the payload make namespaces and mounts */
    const char *cache_dir;          /* NULL: no cache; a directory that no payload can ever write */
};

/* Find, read and compile (or take from the cache) a filter. 0 or -errno with "file:line: problem, fix" in why.
 * -ENOENT: no such filter, and why holds "problem, fix" alone: the place is where the caller has the name from. -EINVAL: an
 * error in a file; -ELIBACC: libseccomp cannot be loaded. Never logs. A cache that cannot be used costs time, never the
 * filter. */
int filter_load(const struct filter_request *request, struct filter_program *ret_program, struct buf *why);

#endif
