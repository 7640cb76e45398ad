/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A finished seccomp program. */
#ifndef AGENTJAIL_FILTER_PROGRAM_H
#define AGENTJAIL_FILTER_PROGRAM_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct filter_program {
    struct sock_filter *code; /* owned */
    size_t n;                 /* instructions, at most BPF_MAXINSNS */
    bool cached;              /* came from the cache */
    const char *cache_note;   /* why the cache could be neither used nor filled, for -v; NULL if all is well */
};

/* Release what program holds and make it empty. */
void filter_program_free(struct filter_program *program);

/* Check n instructions as far as a damaged cache file could break them: at least one, at most BPF_MAXINSNS, every jump
 * forward and inside, only operations that the compiler emits, RET last. The kernel checks again. */
bool filter_program_valid(const struct sock_filter *code, size_t n);

#define _cleanup_filter_program_ _cleanup_(filter_program_free)

#endif
