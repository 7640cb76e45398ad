/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules to a BPF program: architecture first, then a search tree over ranges of system call numbers that share a
 * verdict, then the comparisons of arguments. Pure but for the resolution of names. */
#ifndef AGENTJAIL_FILTER_COMPILE_H
#define AGENTJAIL_FILTER_COMPILE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "filter/names.h"
#include "filter/rules.h"

/* What a call gets that the filter names without allowing it, one that it does not name, and a foreign architecture. */
#define ACTION_NAMED (SECCOMP_RET_ERRNO | EPERM)
#define ACTION_UNNAMED (SECCOMP_RET_ERRNO | ENOSYS)
#define ACTION_FOREIGN (SECCOMP_RET_ERRNO | ENOSYS)

/* Compile rules. 0, -ENOMEM, or -E2BIG with a message in why when the program would be longer than the kernel takes.
 * *ret_code is malloc'ed. */
int filter_compile(const struct rules *rules, const struct names *names, struct sock_filter **ret_code, size_t *ret_n,
                   struct buf *why);

#endif
