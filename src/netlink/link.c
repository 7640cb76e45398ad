/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Called where nothing may be allocated (jail/namespaces.c), and libmnl's socket is: hence plain calls. */
#include "netlink/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LOOPBACK_INDEX 1

int link_loopback_set(bool up)
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

    _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || send(fd, &message, sizeof(message), 0) < 0)
        return -errno;
    ssize_t n = recv(fd, &answer, sizeof(answer), 0);
    if (n < 0)
        return -errno;
    if ((size_t)n < sizeof(answer.header) + sizeof(answer.error.error) || answer.header.nlmsg_type != NLMSG_ERROR)
        return -EPROTO;
    return answer.error.error;
}
