/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that options name. They are the caller's by number, and a number that is free may become one of ours at any
 * time: so each is looked at before it is used. What the caller has open is not O_CLOEXEC, or we would not have it; what we
 * open always is (fcntl(2), execve(2)). */
#ifndef AGENTJAIL_BWRAP_DESCRIPTORS_H
#define AGENTJAIL_BWRAP_DESCRIPTORS_H

#include <limits.h>

#include "bwrap/args.h"

/* In place of a number that was not open: no descriptor has it (fs.nr_open is lower), so whoever uses it hears EBADF. */
#define BWRAP_FD_NONE INT_MAX

/* Read what the caller has open at fd to its end, and let go of it: a bwrap_read. -EBADF: nothing of the caller's is there. */
int bwrap_descriptor_read_given(int fd, struct buf *ret_data);

/* The same of a descriptor that bwrap_descriptors_settle() has seen. */
int bwrap_descriptor_read(int fd, struct buf *ret_data);

/* Let go of a descriptor; -1 is none. In the place of fds 0 to 2 /dev/null lies until the command is executed, so that nothing
 * of ours comes to lie there. */
void bwrap_descriptor_drop(int fd);

/* Once, when all options are known: what is not open becomes BWRAP_FD_NONE, and so does what another option has used up by
 * the time that bubblewrap comes to it; the rest will not be the command's. A --sync-fd stays its own with --as-pid-1. */
void bwrap_descriptors_settle(struct bwrap_args *args);

#endif
