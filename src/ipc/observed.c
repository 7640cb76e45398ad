/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/observed.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static size_t data_size(const struct observed *head)
{
    size_t n = 0;
    for (size_t i = 0; i < OBSERVED_TEXTS; i++)
        n += head->lengths[i];
    return n;
}

int observed_send(int channel, const struct observed *head, const char *data)
{
    struct iovec iov[] = { { .iov_base = (void *)(uintptr_t)head, .iov_len = sizeof(*head) },
                           { .iov_base = (void *)(uintptr_t)data, .iov_len = data_size(head) } };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
    for (;;) {
        if (sendmsg(channel, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

int observed_send_many(int channel, struct iovec *packets, size_t n)
{
    struct mmsghdr msgs[OBSERVED_MANY];
    memset(msgs, 0, sizeof(msgs));
    n = n < OBSERVED_MANY ? n : OBSERVED_MANY;
    for (size_t i = 0; i < n; i++) {
        msgs[i].msg_hdr.msg_iov = &packets[i];
        msgs[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;) {
        int r = sendmmsg(channel, msgs, (unsigned)n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (r >= 0 || errno != EINTR)
            return r < 0 ? -errno : r;
    }
}

/* The words of a command line, which end with the last NUL. */
static void split_words(struct observed_message *m, char *text, size_t len)
{
    size_t n = 0;
    for (char *end = text + len; text < end && n < OBSERVED_WORDS_MAX; text += strlen(text) + 1)
        m->argv[n++] = text;
    m->argv[n] = NULL;
}

int observed_parse(struct observed_message *ret, size_t size)
{
    const struct observed *h = &ret->head;
    char *text = ret->data;
    size_t left = size - sizeof(*h);
    if (size < sizeof(*h) || left > sizeof(ret->data) || h->kind == 0 || h->kind >= OBSERVED_KINDS ||
        h->tried >= OBSERVED_LOST || h->number >= OBSERVED_REFUSALS_MAX)
        return -EBADMSG;
    ret->argv[0] = NULL;
    for (size_t i = 0; i < OBSERVED_TEXTS; i++) {
        size_t len = h->lengths[i];
        if (len > left || (len && text[len - 1] != '\0'))
            return -EBADMSG;
        if (len && i != OBSERVED_ARGV && strlen(text) != len - 1)
            return -EBADMSG;
        ret->texts[i] = len ? text : NULL;
        if (i == OBSERVED_ARGV && len)
            split_words(ret, text, len);
        text += len;
        left -= len;
    }
    bool number = h->kind == OBSERVED_LOST || h->kind == OBSERVED_REPEATED || h->kind == OBSERVED_UNKEPT;
    bool path = number || h->kind == OBSERVED_DENIED || ret->texts[OBSERVED_PATH];
    bool second = (h->kind != OBSERVED_RENAME && h->kind != OBSERVED_LINK) || ret->texts[OBSERVED_SECOND];
    return left == 0 && path && second ? 0 : -EBADMSG;
}

int observed_receive(int channel, struct observed_message *ret)
{
    struct iovec iov[] = { { .iov_base = &ret->head, .iov_len = sizeof(ret->head) },
                           { .iov_base = ret->data, .iov_len = sizeof(ret->data) } };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
    ssize_t n;
    do
        n = recvmsg(channel, &msg, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? -EPIPE : -errno;
    if (n == 0)
        return -EPIPE;
    return msg.msg_flags & MSG_TRUNC ? -EBADMSG : observed_parse(ret, (size_t)n);
}
