/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlink/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#define LOOPBACK_INDEX 1

int link_loopback_up(void)
{
    char space[256];
    struct nlmsghdr *message = mnl_nlmsg_put_header(space);
    message->nlmsg_type = RTM_NEWLINK;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    message->nlmsg_seq = 1;
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
    link->ifi_family = AF_UNSPEC;
    link->ifi_index = LOOPBACK_INDEX;
    link->ifi_flags = IFF_UP;
    link->ifi_change = IFF_UP;

    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!socket)
        return -errno;
    int r = 0;
    if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0) {
        r = -errno;
    } else {
        char answer[1024];
        ssize_t n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
        if (n < 0 || mnl_cb_run(answer, (size_t)n, 1, 0, NULL, NULL) < 0)
            r = -errno;
    }
    mnl_socket_close(socket);
    return r;
}
