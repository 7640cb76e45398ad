/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What options take, by itself: numbers, modes, capabilities, filters. */
#ifndef AGENTJAIL_BWRAP_VALUES_H
#define AGENTJAIL_BWRAP_VALUES_H

#include <stdint.h>

#include "bwrap/args.h"

/* A capability by its name in capabilities(7), by its number, or ALL, in letters of either case, as cap_from_name(3) has them:
 * bits by number. 0 or -EINVAL. */
int bwrap_capability(const char *name, uint64_t *ret_set);

/* A program for seccomp(2) from its bytes (struct sock_filter); ret_filter->code is the caller's. 0, or -EINVAL with a message
 * in why, or -ENOMEM. */
int bwrap_filter_parse(const struct buf *bytes, struct bwrap_filter *ret_filter, struct buf *why);

/* Add to args->warnings that only the last option of that name ("--" included) counts. 0 or -ENOMEM. */
int bwrap_warn_last(struct bwrap_args *args, const char *name);

#endif
