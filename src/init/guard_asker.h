/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who made a call, and what it meant by its arguments. All of it is hostile, and may change while it is looked at; what was
 * read once is what counts. The kernel keeps the caller in its call meanwhile, or kills it: guard_asker_waits(). */
#ifndef AGENTJAIL_INIT_GUARD_ASKER_H
#define AGENTJAIL_INIT_GUARD_ASKER_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

#include "init/guard.h"

struct asker {
    struct guard *guard;
    const struct seccomp_notif *call;
    pid_t process; /* thread group; 0: not looked up yet */
    int64_t waited_ms; /* since it was served first */
};

/* Is it still the caller whose call this is? To be asked after its memory and /proc entry were read, before anything is done.
 * */
bool guard_asker_waits(const struct asker *a);

/* Read a string of its memory, at most PATH_MAX bytes with the NUL. Its length, or -errno as the kernel's getname(): -EFAULT,
 * -ENAMETOOLONG. */
ssize_t guard_asker_string(const struct asker *a, uint64_t address, char *ret_text);

/* Read size bytes of its memory. 0 or -errno: -EFAULT. */
int guard_asker_bytes(const struct asker *a, uint64_t address, void *ret, size_t size);

/* A copy of one of its descriptors, of the same open file; the caller's. -EBADF, -EACCES if it cannot be had, as from a program
 * that may not be read. */
int guard_asker_descriptor(struct asker *a, int fd);

/* Does a signal wait for it that it has a handler for? */
bool guard_asker_is_signalled(const struct asker *a);

/* Open (O_PATH) where a path begins that does not begin with a slash: dirfd is a descriptor of the asker's, or AT_FDCWD. The
 * descriptor, or -errno: -EBADF. */
int guard_asker_directory(const struct asker *a, int dirfd);

/* Its thread group, as /proc/self names it. The pid or -errno. */
pid_t guard_asker_process(struct asker *a);

/* Is it its process' only thread? Then nobody of the process can be within an execve(2) while this one call waits. */
bool guard_asker_is_alone(const struct asker *a);

/* Its process' parent, 0: none in the jail, or not known. */
pid_t guard_asker_parent(const struct asker *a);

/* Its umask(2). */
mode_t guard_asker_umask(const struct asker *a);

/* The number below /dev/pts of its controlling terminal, or -ENXIO. */
int guard_asker_terminal(const struct asker *a);

#endif
