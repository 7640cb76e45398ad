/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Called where nothing may be allocated (jail/namespaces.c), and libmnl's socket is: hence plain calls. */
#include "netlink/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LOOPBACK_INDEX 1

int link_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd < 0 ? -errno : fd;
}

int link_namespace(int socket)
{
    int fd = ioctl(socket, SIOCGSKNS);
    return fd < 0 ? -errno : fd;
}

int link_loopback_set(int socket, bool up)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } message = {
        .header = { .nlmsg_len = sizeof(message),
                    .nlmsg_type = RTM_NEWLINK,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                    .nlmsg_seq = 1 },
        .link = { .ifi_family = AF_UNSPEC,
                  .ifi_index = LOOPBACK_INDEX,
                  .ifi_flags = up ? IFF_UP : 0,
                  .ifi_change = IFF_UP },
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[512];
    } answer;

    if (send(socket, &message, sizeof(message), 0) < 0)
        return -errno;
    ssize_t n = recv(socket, &answer, sizeof(answer), 0);
    if (n < 0)
        return -errno;
    if ((size_t)n < sizeof(answer.header) + sizeof(answer.error.error) || answer.header.nlmsg_type != NLMSG_ERROR)
        return -EPROTO;
    return answer.error.error;
}
