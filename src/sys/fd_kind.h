/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a descriptor that somebody left open leads to, for who hands it to a command that is to be kept from the rest. An
 * open file is more than its contents: a directory is all that lies below it, and what has a name can be opened again by
 * /proc/self/fd with rights that the descriptor itself does not have. */
#ifndef AGENTJAIL_SYS_FD_KIND_H
#define AGENTJAIL_SYS_FD_KIND_H

#include <stdbool.h>
#include <sys/types.h>

enum fd_kind {
    FD_HARMLESS, /* pipes, terminals, null and its kin, memory, deleted files, Unix sockets that stay with their peer */
    FD_FILE,     /* a regular file, or whatever an O_PATH descriptor names, but devices: with a name */
    FD_DEVICE,   /* a character device but those above, with a name */
    FD_SOCKET,   /* a socket by which the network namespace that it was made in can be reached */
    FD_ESCAPE,   /* a directory, a disk, a process or another object of the kernel's, or nobody can tell */
};

/* Of fd, which is open. *ret_what: a phrase for FD_ESCAPE ("a directory"), in static memory; else NULL. */
enum fd_kind fd_kind(int fd, const char **ret_what);

/* Devices that hold nothing and lead nowhere: null, zero, full, random, urandom. */
bool fd_device_harmless(dev_t device);

/* Does the socket stay with its peer? One stays in the network namespace that it was made in, and not every kind with its
 * peer: a TCP one can be disconnected (connect(2), AF_UNSPEC) and connected to, or listen on, any address of the host. */
bool fd_bound_to_peer(int fd);

/* Is it a Unix socket, of whichever kind? Whoever is at its other end can hand over descriptors by it (unix(7), SCM_RIGHTS). */
bool fd_is_unix_socket(int fd);

#endif
