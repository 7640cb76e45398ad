/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that another process makes for us, because it may and we may not: init, into the jail (ipc/inward.h), and diallers,
 * to ports that were granted later (ipc/dialler.h). */
#ifndef AGENTJAIL_GATEWAY_SOCKET_MAKER_H
#define AGENTJAIL_GATEWAY_SOCKET_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/loop.h"

struct socket_maker {
    int channel;     /* -1: it is gone */
    uint32_t number; /* of the last request */
    struct link waiting;
};

/* Somebody who waits for a socket. It must stay where it is until then, or be forgotten. */
struct socket_wish {
    struct link link;
    uint32_t number;
    /* fd: a TCP socket that connects, the receiver's; its maker may hold it a moment longer, so that epoll(7) goes on telling
     * of it after close(2): loop_forget() it before. Or -errno. */
    void (*made)(struct socket_wish *wish, int fd);
};

/* channel (watched by the caller) stays the caller's. */
void socket_maker_init(struct socket_maker *maker, int channel);

/* Nobody is asked yet. */
void socket_wish_init(struct socket_wish *wish, void (*made)(struct socket_wish *wish, int fd));

/* Ask: a request of len bytes, whose first is its number, which is set here. 0, and made() is called later; or -errno. */
int socket_maker_ask(struct socket_maker *maker, void *request, size_t len, struct socket_wish *wish);

/* made() is not called any more. Does nothing to a wish that does not wait. */
void socket_wish_forget(struct socket_wish *wish);

/* Take the answers that have come. False: it is gone, or said what it may not; for the caller to say socket_maker_lost(). */
bool socket_maker_serve(struct socket_maker *maker);

/* Nothing can be asked for any more; who waits gets -EPIPE. */
void socket_maker_lost(struct socket_maker *maker);

/* How the connecting of a socket that epoll tells of has ended: 0 or an errno. */
int socket_connect_error(int fd, uint32_t events);

#endif
