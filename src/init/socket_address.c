/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/socket_address.h"

#include <string.h>

enum { AHEAD = offsetof(struct sockaddr_un, sun_path) };

/* A Unix address with a name of at least one byte, of a size that the kernel takes. */
static bool is_named(const struct socket_address *a)
{
    return a->size > AHEAD && a->size <= sizeof(a->un) && a->un.sun_family == AF_UNIX;
}

bool socket_address_path(const struct socket_address *address, char ret_path[SOCKET_PATH_MAX])
{
    if (!is_named(address) || !address->un.sun_path[0])
        return false;
    size_t n = strnlen(address->un.sun_path, address->size - AHEAD);
    memcpy(ret_path, address->un.sun_path, n);
    ret_path[n] = '\0';
    return true;
}

bool socket_address_is_abstract(const struct socket_address *address)
{
    return is_named(address) && !address->un.sun_path[0];
}

void socket_address_set(struct socket_address *address, const char *path)
{
    size_t n = strlen(path);
    memset(address, 0, sizeof(*address));
    address->un.sun_family = AF_UNIX;
    memcpy(address->un.sun_path, path, n);
    address->size = (socklen_t)(AHEAD + n + 1);
}
