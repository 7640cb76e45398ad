/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "ipc/packet.h"

#define MESSAGE_HEAD offsetof(struct message, text)

int channel_pair(int *ret_monitor, int *ret_jail)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -errno;
    *ret_monitor = fds[0];
    *ret_jail = fds[1];
    return 0;
}

int channel_send(int channel, const struct message *m, int fd)
{
    size_t text = strnlen(m->text, sizeof(m->text) - 1);
    return packet_send_waiting(channel, m, text ? MESSAGE_HEAD + text + 1 : MESSAGE_HEAD, fd);
}

int channel_receive(int channel, struct message *ret_m, int *ret_fd)
{
    struct message m = { 0 };
    size_t n;
    _cleanup_close_ int fd = -1;
    int r = packet_receive_waiting(channel, &m, sizeof(m), &n, &fd);
    if (r < 0)
        return r;
    if (n < MESSAGE_HEAD || m.kind == 0 || m.kind >= MSG_KINDS)
        return -EBADMSG;
    m.text[sizeof(m.text) - 1] = '\0';
    *ret_m = m;
    *ret_fd = TAKE_FD(fd);
    return 0;
}
