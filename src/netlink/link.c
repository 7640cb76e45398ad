/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlink/link.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* One ioctl of netdevice(7): a library for messages would cost each start more than the device itself. */
int link_loopback_up(void)
{
    _cleanup_close_ int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return -errno;
    struct ifreq request = { .ifr_flags = IFF_UP };
    memcpy(request.ifr_name, "lo", sizeof("lo"));
    return ioctl(socket_fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}
