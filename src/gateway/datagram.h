/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Datagrams of the jail's, with the address that they were meant for, which only the packet tells (ip(7), IP_PKTINFO), and
 * answers in the name of that address. */
#ifndef AGENTJAIL_GATEWAY_DATAGRAM_H
#define AGENTJAIL_GATEWAY_DATAGRAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/ip.h"

/* Where a datagram came from and was meant to go. */
struct datagram_path {
    struct sockaddr_storage peer;
    socklen_t peer_len;
    struct ip meant;
};

/* Receive one from a socket with IP_PKTINFO or IPV6_RECVPKTINFO, without waiting. Its length (more than size: cut off), or
 * -errno; -EAGAIN: none waits; -EBADMSG: it does not tell where it was meant to go. */
ssize_t datagram_receive(int fd, void *data, size_t size, struct datagram_path *ret_path);

/* Send the answer, from the address that was meant. What cannot be sent now is lost, as datagrams are. */
void datagram_answer(int fd, const struct datagram_path *path, const void *data, size_t len);

#endif
