/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls: recvmsg sendmsg */
#include "gateway/datagram.h"

#include <errno.h>
#include <string.h>

union control {
    char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct cmsghdr align;
};

static bool read_meant(struct msghdr *msg, struct ip *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            *ret = (struct ip){ .version = 4 };
            memcpy(ret->byte, &info.ipi_addr, 4);
            return true;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            *ret = (struct ip){ .version = 6 };
            memcpy(ret->byte, &info.ipi6_addr, 16);
            return true;
        }
    }
    return false;
}

ssize_t datagram_receive(int fd, void *data, size_t size, struct datagram_path *ret_path)
{
    union control control;
    struct datagram_path path = { .meant = { 0 } };
    struct iovec iov = { .iov_base = data, .iov_len = size };
    struct msghdr msg = { .msg_name = &path.peer, .msg_namelen = sizeof(path.peer), .msg_iov = &iov, .msg_iovlen = 1,
                          .msg_control = control.space, .msg_controllen = sizeof(control.space) };
    ssize_t n;
    do
        n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    path.peer_len = msg.msg_namelen;
    if (!read_meant(&msg, &path.meant))
        return -EBADMSG;
    *ret_path = path;
    return n;
}

/* The interface is left to routing. */
static void put_source(struct msghdr *msg, const struct ip *ip)
{
    struct in_pktinfo info4 = { 0 };
    struct in6_pktinfo info6 = { .ipi6_ifindex = 0 };
    bool v6 = ip->version == 6;
    size_t len = v6 ? sizeof(info6) : sizeof(info4);
    memcpy(&info4.ipi_spec_dst, ip->byte, 4);
    memcpy(&info6.ipi6_addr, ip->byte, 16);

    msg->msg_controllen = CMSG_SPACE(len);
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    c->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), v6 ? (void *)&info6 : (void *)&info4, len);
}

void datagram_answer(int fd, const struct datagram_path *path, const void *data, size_t len)
{
    union control control;
    struct sockaddr_storage peer = path->peer;
    struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
    struct msghdr msg = { .msg_name = &peer, .msg_namelen = path->peer_len, .msg_iov = &iov, .msg_iovlen = 1,
                          .msg_control = control.space, .msg_controllen = sizeof(control.space) };
    memset(&control, 0, sizeof(control));
    put_source(&msg, &path->meant);
    while (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}
