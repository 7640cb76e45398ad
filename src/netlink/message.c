/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlink/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

/* What netlink calls alignment is 4 bytes. */
static uint8_t *room(struct netlink_batch *batch, size_t len)
{
    size_t aligned = NLMSG_ALIGN(len);
    if (aligned < len || aligned > sizeof(batch->data) - batch->len) {
        batch->full = true;
        return NULL;
    }
    uint8_t *at = batch->data + batch->len;
    memset(at, 0, aligned);
    batch->len += aligned;
    return at;
}

static struct nlmsghdr *last(struct netlink_batch *batch)
{
    return (struct nlmsghdr *)(void *)(batch->data + batch->message);
}

static void grow_message(struct netlink_batch *batch)
{
    last(batch)->nlmsg_len = (uint32_t)(batch->len - batch->message);
}

void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *header, size_t len)
{
    size_t at = batch->len;
    struct nlmsghdr *message = (struct nlmsghdr *)(void *)room(batch, sizeof(*message));
    if (!message)
        return;
    batch->message = at;
    *message = (struct nlmsghdr){ .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags,
                                  .nlmsg_seq = ++batch->sequence };
    netlink_raw(batch, header, len);
}

void netlink_raw(struct netlink_batch *batch, const void *bytes, size_t len)
{
    uint8_t *at = room(batch, len);
    if (!at)
        return;
    if (len)
        memcpy(at, bytes, len);
    grow_message(batch);
}

void netlink_put(struct netlink_batch *batch, uint16_t type, const void *value, size_t len)
{
    struct nlattr attribute = { .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };
    uint8_t *at = room(batch, NLA_HDRLEN + len);
    if (!at)
        return;
    memcpy(at, &attribute, sizeof(attribute));
    if (len)
        memcpy(at + NLA_HDRLEN, value, len);
    grow_message(batch);
}

void netlink_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value)
{
    netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value)
{
    netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value)
{
    netlink_put_u32(batch, type, htonl(value));
}

void netlink_put_string(struct netlink_batch *batch, uint16_t type, const char *value)
{
    netlink_put(batch, type, value, strlen(value) + 1);
}

size_t netlink_nest(struct netlink_batch *batch, uint16_t type)
{
    size_t at = batch->len;
    netlink_put(batch, (uint16_t)(type | NLA_F_NESTED), NULL, 0);
    return at;
}

void netlink_nest_end(struct netlink_batch *batch, size_t nest)
{
    if (batch->full)
        return;
    struct nlattr *attribute = (struct nlattr *)(void *)(batch->data + nest);
    attribute->nla_len = (uint16_t)(batch->len - nest);
}

void netlink_want_answer(struct netlink_batch *batch)
{
    if (batch->len)
        last(batch)->nlmsg_flags |= NLM_F_ACK;
}

/* One datagram of answers. 1: go on reading; 0 or -errno: the end. */
static int read_answers(int fd, uint32_t wanted)
{
    _Alignas(8) uint8_t data[4096];
    ssize_t n = recv(fd, data, sizeof(data), 0);
    if (n < 0)
        return errno == EINTR ? 1 : -errno;

    size_t left = (size_t)n;
    for (const uint8_t *at = data; left >= NLMSG_HDRLEN;) {
        const struct nlmsghdr *answer = (const struct nlmsghdr *)(const void *)at;
        if (answer->nlmsg_len < NLMSG_HDRLEN || answer->nlmsg_len > left)
            return -EPROTO;
        if (answer->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *error = NLMSG_DATA(answer);
            if (answer->nlmsg_len < NLMSG_LENGTH(sizeof(error->error)))
                return -EPROTO;
            if (error->error)
                return error->error;
            if (answer->nlmsg_seq == wanted)
                return 0;
        }
        size_t step = NLMSG_ALIGN(answer->nlmsg_len);
        step = step > left ? left : step;
        at += step;
        left -= step;
    }
    return 1;
}

static uint32_t answered_sequence(const struct netlink_batch *batch)
{
    uint32_t wanted = 0;
    for (size_t at = 0; at < batch->len;) {
        const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)(batch->data + at);
        if (message->nlmsg_flags & NLM_F_ACK)
            wanted = message->nlmsg_seq;
        at += NLMSG_ALIGN(message->nlmsg_len);
    }
    return wanted;
}

int netlink_talk(int fd, struct netlink_batch *batch)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    uint32_t wanted = answered_sequence(batch);
    if (batch->full || !wanted)
        return -EMSGSIZE;
    if (sendto(fd, batch->data, batch->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -errno;
    int r;
    do
        r = read_answers(fd, wanted);
    while (r > 0);
    return r;
}
