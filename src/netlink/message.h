/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink messages (Documentation/userspace-api/netlink/intro.rst): several in one buffer, sent at once. Nothing is
 * allocated: threads of the jail's set-up call this. */
#ifndef AGENTJAIL_NETLINK_MESSAGE_H
#define AGENTJAIL_NETLINK_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_batch {
    size_t len;
    size_t message; /* where the last message begins */
    uint32_t sequence;
    bool full;      /* something did not fit: netlink_talk() refuses it */
    _Alignas(8) uint8_t data[4096];
};

/* An empty batch (its bytes need not be zero). */
static inline void netlink_batch_clear(struct netlink_batch *batch)
{
    batch->len = batch->message = 0;
    batch->sequence = 0;
    batch->full = false;
}

/* Begin a message with its family's header. */
void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *header, size_t len);

/* Add bytes without an attribute around them (VETH_INFO_PEER holds a header). */
void netlink_raw(struct netlink_batch *batch, const void *bytes, size_t len);

/* Add an attribute to the last message. */
void netlink_put(struct netlink_batch *batch, uint16_t type, const void *value, size_t len);

/* The same for one byte. */
void netlink_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value);

/* The same for a number in the byte order of this machine, as rtnetlink(7) wants it. */
void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value);

/* The same in network byte order, as nf_tables wants it. */
void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value);

/* The same for a string with its NUL. */
void netlink_put_string(struct netlink_batch *batch, uint16_t type, const char *value);

/* Begin a nested attribute: what is put from here on is in it. Returns where it begins, for netlink_nest_end(). */
size_t netlink_nest(struct netlink_batch *batch, uint16_t type);

/* End the nested attribute that begins at nest. */
void netlink_nest_end(struct netlink_batch *batch, size_t nest);

/* Ask for an answer to the last message: the kernel works in order and answers errors anyway. */
void netlink_want_answer(struct netlink_batch *batch);

/* Send the batch and wait for the answer. 0, or the first error of the kernel's or our own, -errno. */
int netlink_talk(int fd, struct netlink_batch *batch);

#endif
