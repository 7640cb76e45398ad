/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an address of the payload's for a socket means, as unix(7) has it. The bytes are hostile. */
#ifndef AGENTJAIL_INIT_SOCKET_ADDRESS_H
#define AGENTJAIL_INIT_SOCKET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An address as it was read, once: size bytes of it count. */
struct socket_address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_storage room; /* the kernel takes no more */
    };
    socklen_t size;
};

enum { SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1 };

/* Has a Unix socket's address a path, which names a file? It need not end with a NUL: then it ends where the address does. Not
 * one of another family, without a name, with an abstract one, or of a size that the kernel refuses: those name no file. */
bool socket_address_path(const struct socket_address *address, char ret_path[SOCKET_PATH_MAX]);

/* Is it an abstract name? */
bool socket_address_is_abstract(const struct socket_address *address);

/* The address of a path, shorter than SOCKET_PATH_MAX - 1. */
void socket_address_set(struct socket_address *address, const char *path);

#endif
