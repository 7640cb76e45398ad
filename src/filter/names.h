/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System call names and numbers, through libseccomp. The library is opened only where a name must be resolved (a filter
 * that is not in the cache, a message for people), since linking it would cost every start 50 us. */
#ifndef AGENTJAIL_FILTER_NAMES_H
#define AGENTJAIL_FILTER_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"

struct names;

/* An architecture whose system calls a process can make on this machine. */
struct architecture {
    const char *name; /* as written in a filter: "i386" */
    uint32_t audit;   /* AUDIT_ARCH_*: what the kernel reports (x32 shares x86-64's) */
    uint32_t token;   /* libseccomp's SCMP_ARCH_* */
    bool narrow;      /* 32-bit arguments */
};

enum { NAME_UNKNOWN = -1, NAME_ELSEWHERE = -2 };

/* Open libseccomp. 0, or -ELIBACC with a message for people in why. The caller closes it. */
int names_open(struct names **ret_names, struct buf *why);

/* Close what names_open() gave; NULL is fine. */
void names_close(struct names *names);

/* Number of a system call on an architecture; NAME_ELSEWHERE when only other architectures have it, NAME_UNKNOWN when
 * this libseccomp does not know the name. x32 numbers carry the x32 bit (seccomp_syscall_resolve_name_arch(3)). */
int names_number(const struct names *names, const struct architecture *architecture, const char *name);

/* Name of a system call of this machine's own architecture, malloc'ed; NULL when libseccomp does not know it. */
char *names_name(const struct names *names, int number);

/* Version as "2.5.4", owned by names. */
const char *names_version(const struct names *names);

/* Path of the library that was opened and what stat(2) says of it, so that a cache can tell that it was replaced.
 * 0, or -errno when that cannot be found out. The string is owned by names. */
int names_library(const struct names *names, const char **ret_path, struct stat *ret_st);

/* The architecture this program runs on. */
const struct architecture *architecture_native(void);

/* One of the further ones ("i386", "x32", "arm") that filters can admit; NULL: none of that name here. */
const struct architecture *architecture_find(const char *name);

/* The i-th of the further ones, NULL past the last. */
const struct architecture *architecture_other(unsigned i);

#define ARCHITECTURES_OTHER_MAX 2

/* For _cleanup_names_: close it, unless *names is NULL. */
static inline void cleanup_names(struct names **names)
{
    names_close(*names);
}
#define _cleanup_names_ _cleanup_(cleanup_names)

#endif
