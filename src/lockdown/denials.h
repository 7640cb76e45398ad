/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the payload's seccomp filter denies, told to init: then filter and guard's filter (lockdown/guard_filter.h) are one
 * program, in which what the former allows goes on in the latter, and what it denies waits for init, which answers with the
 * error that the former has for it. Which that is follows from the call's registers alone: init has the filter, and asks it. */
#ifndef AGENTJAIL_LOCKDOWN_DENIALS_H
#define AGENTJAIL_LOCKDOWN_DENIALS_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jail_start;

struct denials {
    const struct sock_filter *code; /* the payload's filter, of start; NULL: there is none whose denials could be told */
    size_t n;
};

struct denial {
    int error;      /* errno, positive */
    int argument;   /* which the filter looked at last, 0 to 5; -1: at none, the call itself is denied */
    uint32_t value; /* what it saw there: a half of the argument, masked as the rule says */
};

/* The filter of a jail. */
struct denials denials_of(const struct jail_start *start);

/* Is the call denied, and to be told? Not what is answered as on a kernel that does not know it (ENOSYS, EINVAL): programs ask
 * so all the time. */
bool denials_judge(const struct denials *d, const struct seccomp_data *call, struct denial *ret);

/* Write both filters as one of at most size instructions: that of d, then n of guard's. What is denied is told, but for
 * execve(2) and execveat(2), and a sendmsg(2) whose fourth and fifth register hold first is allowed: with these the payload's
 * own last steps are made, while nobody answers yet. The number of instructions, 0: they are too many. */
size_t denials_join(const struct denials *d, const struct sock_filter *guard, size_t n, const uint64_t first[2],
                    struct sock_filter *ret_code, size_t size);

#endif
