/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of what either end of a microVM's port may send (ipc/frame.h). Properties: what is decoded is encoded to the same
 * bytes; a relay takes any stream of frames without a wait, writes no more than it was sent, and ends at the first that is not
 * permitted. The first byte says which end we are. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/frame.h"
#include "ipc/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(const uint8_t *data, size_t size)
{
    static uint8_t again[FRAME_HEAD + FRAME_DATA_MAX];
    struct frame frame;
    int len = frame_decode(data, size, &frame);
    if (len > (int)size || len == -EBADMSG || len <= 0)
        return;
    if (frame_encode(&frame, again) != (size_t)len || memcmp(again, data, (size_t)len) != 0)
        abort();
}

static int on_frame(void *with, const struct frame *frame)
{
    (void)with;
    return frame->kind == FRAME_FAILED ? -EBADMSG : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct relay relay;
    int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (size == 0 || null < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
        close(null);
        return 0;
    }
    bool keeper = data[0] & 1;
    same_again(data + 1, size - 1);
    relay_init(&relay, ends[0]);
    for (unsigned i = 0; i < FRAME_STREAMS; i++) {
        int fd = fcntl(null, F_DUPFD_CLOEXEC, 3);
        if ((i == 0) == keeper)
            relay_read_from(&relay, i, fd);
        else
            relay_write_to(&relay, i, fd);
    }
    if (write(ends[1], data + 1, size - 1) < 0 && size > 1)
        size = 0;
    shutdown(ends[1], SHUT_WR);
    int r = 0;
    for (unsigned rounds = 0; r >= 0 && rounds < 4 + size; rounds++) {
        struct pollfd fds[RELAY_POLLFDS];
        relay_pollfds(&relay, fds);
        if (poll(fds, RELAY_POLLFDS, 0) < 0)
            abort();
        r = relay_serve(&relay, fds, on_frame, NULL);
        char away[4096];
        while (read(ends[1], away, sizeof(away)) > 0)
            ;
    }
    if (r >= 0)
        abort(); /* the end of the stream is an end */
    for (unsigned i = 0; i < FRAME_STREAMS; i++) {
        if (relay.sources[i].fd >= 0)
            close(relay.sources[i].fd);
        if (relay.sinks[i].fd >= 0)
            close(relay.sinks[i].fd);
    }
    close(ends[0]);
    close(ends[1]);
    close(null);
    return 0;
}
