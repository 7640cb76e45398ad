/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sockets through which the gateway hears the jail: made in the namespaces of the jail's set-up, passed to the gateway
 * over a SOCK_SEQPACKET pair in one message, once, after which the pair is for ipc/inward.h. */
#ifndef AGENTJAIL_IPC_LISTENERS_H
#define AGENTJAIL_IPC_LISTENERS_H

#include <stddef.h>
#include <stdint.h>

enum { LISTENERS_MAX = 250 }; /* less than the kernel's SCM_MAX_FD */

enum listener_kind {
    LISTENER_TCP, /* accepts connections to any address; getsockname(2) tells which */
    LISTENER_UDP, /* bound to port; packets carry the address that was meant */
};

struct listener {
    uint8_t kind;
    uint8_t ipv6;  /* of that family, else IPv4 */
    uint16_t port; /* 0: any */
    int fd;
};

/* Send n listeners. Their fds stay the caller's. 0 or -errno. */
int listeners_send(int channel, const struct listener *list, size_t n);

/* Receive up to LISTENERS_MAX; the fds are O_CLOEXEC and the caller's. The number, -EPIPE when the sender is gone, -EBADMSG if
 * fds and descriptions do not match, or another -errno. */
int listeners_receive(int channel, struct listener *ret_list);

#endif
