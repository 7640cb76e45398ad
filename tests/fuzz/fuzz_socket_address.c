/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the payload's socket addresses. The input's first byte is the size that is told, what follows are the bytes.
 * Properties: a path is as long as the address has room for, and made an address again it means the same, to the kernel, too;
 * what is abstract has no path; and what has neither a path nor is abstract the kernel refuses. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init/socket_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What the kernel answers, 0 or -errno. */
static int answer(const struct socket_address *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int r = fd < 0 || connect(fd, &a->any, a->size) < 0 ? -errno : 0;
    close(fd);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct socket_address a, again;
    char path[SOCKET_PATH_MAX + 1], second[SOCKET_PATH_MAX];
    memset(&a, 0x5a, sizeof(a));
    memset(path, 0x5a, sizeof(path));
    if (!size || data[0] > sizeof(a.room))
        return 0;
    a.size = data[0];
    memcpy(&a.room, data + 1, size - 1 < sizeof(a.room) ? size - 1 : sizeof(a.room));
    bool named = socket_address_path(&a, path);
    require(path[SOCKET_PATH_MAX] == 0x5a && !(named && socket_address_is_abstract(&a)));
    if (!named) {
        require(path[0] == 0x5a);
        if (!socket_address_is_abstract(&a)) /* the kernel takes it for no address of a file either */
            require(answer(&a) == -EINVAL || answer(&a) == -EPROTOTYPE);
        return 0;
    }
    size_t n = strlen(path);
    require(n && n + 2 <= a.size);
    if (n + 1 >= SOCKET_PATH_MAX)
        return 0;
    socket_address_set(&again, path);
    require(socket_address_path(&again, second) && strcmp(path, second) == 0);
    require(answer(&a) == answer(&again));
    return 0;
}
