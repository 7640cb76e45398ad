/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/ipv6.h"

#include "base/cleanup.h"
#include "base/ip.h"

bool host_has_ipv6(void)
{
    static const struct ip public = { 6, { 0x20, 0x01, 0x48, 0x60, 0x48, 0x60, [15] = 0x88 } }; /* any will do */
    struct sockaddr_storage to;
    socklen_t len = ip_to_sockaddr(&public, 53, &to);
    _cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&to, len) == 0;
}
