/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What agentjail was given as fds 0 to 2, and what of it the payload may hold: an open fd is a way past the jail's view
 * of files. A directory leads to everything below it; a file can be opened again through /proc/self/fd with rights that
 * the redirection did not give, unless Landlock judges that opening.
 *
 *   terminal                  the jail's pty instead (terminal/terminal.h)
 *   pipe, FIFO, socket        as it is
 *   null zero full (u)random  as it is
 *   regular file              as it is under file Landlock, or if it is open for reading and writing anyway; else a
 *                             pipe that the monitor fills from it or empties into it
 *   closed                    /dev/null
 *   directory, block device, other devices, O_PATH, epoll and kin   refused */
#ifndef AGENTJAIL_TERMINAL_STDIO_H
#define AGENTJAIL_TERMINAL_STDIO_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

#define STDIO_POLLFDS 3

struct stdio_relay {
    int file;      /* 0-2, the user's file; -1: this fd is not relayed */
    int ours;      /* the monitor's end of the pipe, O_NONBLOCK; -1 once the relay is over */
    int theirs;    /* the payload's end */
    bool input;    /* from the file to the payload */
    off_t offset;  /* input: what was put into the pipe so far ends here */
};

struct stdio {
    struct stdio_relay relays[3];
    int payload[3]; /* to be dup2(2)'ed over fds 0-2 in the payload; -1: as it is. Owned, O_CLOEXEC */
};

#define STDIO_EMPTY                                                                               \
    (struct stdio) {                                                                              \
        .relays = { { -1, -1, -1, 0, 0 }, { -1, -1, -1, 0, 0 }, { -1, -1, -1, 0, 0 } },           \
        .payload = { -1, -1, -1 }                                                                 \
    }

/* Open /dev/null on those of fds 0-2 that are closed, so that nothing else of ours lands there: main()'s first act. flags:
 * O_CLOEXEC if the command is to have them closed (then it does without a /dev/null, too), 0 if it is to have /dev/null. 0 or
 * -errno. */
int stdio_open_closed(int flags);

/* Judge fds 0-2 and make the pipes for those that need one. terminal: fds that the jail's pty replaces. files_fenced:
 * the payload will be under file Landlock. 0, or -errno with what is refused and what to do instead in why. */
int stdio_prepare(struct stdio *s, const bool terminal[3], bool files_fenced, struct buf *why);

/* Refuse sockets among fds 0-2 by which the payload could reach the host's network: all but Unix ones that stay with their
 * peer (sys/fd_kind.h). For
 * jails with a network namespace of their own. 0, or -errno with what is refused and what to do instead in why. */
int stdio_check_sockets(const bool terminal[3], struct buf *why);

/* In the jail's first process: close the monitor's ends, or the payload would never see the end of its input. */
void stdio_in_jail(struct stdio *s);

/* What the monitor's loop is to wait for, as terminal_pollfds() (terminal/terminal.h). */
void stdio_pollfds(const struct stdio *s, struct pollfd fds[STDIO_POLLFDS]);

/* Move what can be moved, as terminal_handle(), but it cannot fail: a file that takes no more closes its pipe. */
void stdio_handle(struct stdio *s, const struct pollfd fds[STDIO_POLLFDS]);

/* After the jail's end: write what is still in the pipes, set the offset of an input file behind what the payload took
 * (the shell's next command goes on there), release everything. */
void stdio_end(struct stdio *s);

#endif
