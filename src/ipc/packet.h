/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages over a SOCK_SEQPACKET pair, with at most one descriptor each. Nothing here waits but what says so. */
#ifndef AGENTJAIL_IPC_PACKET_H
#define AGENTJAIL_IPC_PACKET_H

#include <stddef.h>

/* Send len bytes, and fd with them unless it is -1 (it stays the caller's); never raises SIGPIPE. 0 or -errno: -EAGAIN when
 * the peer is behind. */
int packet_send(int channel, const void *data, size_t len, int fd);

/* Receive a packet of exactly len bytes; *ret_fd is the descriptor that came along, O_CLOEXEC and the caller's, or -1. 0,
 * -EAGAIN, -EPIPE at the end, -EBADMSG for another size or more descriptors. Nothing is changed on failure. */
int packet_receive(int channel, void *data, size_t len, int *ret_fd);

/* The same for packets of any length up to size, which is *ret_len afterwards; what is in data on failure means nothing. */
int packet_receive_up_to(int channel, void *data, size_t size, size_t *ret_len, int *ret_fd);

/* As packet_send(), but waits while the peer is behind. */
int packet_send_waiting(int channel, const void *data, size_t len, int fd);

/* As packet_receive_up_to(), but waits for one on a channel that blocks. What the peer had sent before it closed, with packets
 * of ours unread, is still received: the kernel says ECONNRESET once before it. */
int packet_receive_waiting(int channel, void *data, size_t size, size_t *ret_len, int *ret_fd);

#endif
