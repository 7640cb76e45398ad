/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/relay.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Room that data leaves for frames that are small: at most one a stream and round, and those of the caller. */
#define RESERVE 1024
#define SMALL (FRAME_HEAD + 4)
/* What a pipe that poll(2) calls writable takes without blocking (pipe(7)). */
#define WRITE_MAX 4096

void relay_init(struct relay *relay, int port)
{
    memset(relay, 0, sizeof(*relay));
    relay->port = port;
    for (unsigned i = 0; i < FRAME_STREAMS; i++)
        relay->sources[i].fd = relay->sinks[i].fd = -1;
}

void relay_read_from(struct relay *relay, unsigned stream, int fd)
{
    relay->sources[stream] = (struct relay_source){ .fd = fd, .ours = true };
}

void relay_write_to(struct relay *relay, unsigned stream, int fd)
{
    relay->sinks[stream].fd = fd;
    relay->sinks[stream].ours = true;
}

bool relay_put(struct relay *relay, const struct frame *frame)
{
    size_t most = frame->len + SMALL;
    if (most > sizeof(relay->out) - relay->out_len || frame->len > FRAME_DATA_MAX)
        return false;
    relay->out_len += frame_encode(frame, relay->out + relay->out_len);
    return true;
}

static bool put_small(struct relay *relay, enum frame_kind kind, unsigned stream, uint32_t value)
{
    return relay_put(relay, &(struct frame){ .kind = kind, .stream = stream, .value = value });
}

static bool room_for_data(const struct relay *relay)
{
    return sizeof(relay->out) - relay->out_len >= FRAME_HEAD + FRAME_DATA_MAX + RESERVE;
}

static bool wants_read(const struct relay *relay, unsigned stream)
{
    const struct relay_source *source = &relay->sources[stream];
    return source->fd >= 0 && source->in_flight < RELAY_WINDOW && room_for_data(relay);
}

static bool wants_write(const struct relay *relay, unsigned stream)
{
    const struct relay_sink *sink = &relay->sinks[stream];
    return sink->fd >= 0 && sink->len && sizeof(relay->out) - relay->out_len >= RESERVE / 2;
}

/* A file that is gone is seen only where something is wanted of it: POLLHUP would be told again and again. */
void relay_pollfds(const struct relay *relay, struct pollfd *fds)
{
    fds[0] = (struct pollfd){ .fd = relay->port, .events = (short)(POLLIN | (relay->out_len ? POLLOUT : 0)) };
    for (unsigned i = 0; i < FRAME_STREAMS; i++) {
        fds[1 + i] = (struct pollfd){ .fd = wants_read(relay, i) ? relay->sources[i].fd : -1, .events = POLLIN };
        fds[1 + FRAME_STREAMS + i] = (struct pollfd){ .fd = wants_write(relay, i) ? relay->sinks[i].fd : -1,
                                                      .events = POLLOUT };
    }
}

static int serve_source(struct relay *relay, unsigned stream)
{
    struct relay_source *source = &relay->sources[stream];
    uint8_t data[FRAME_DATA_MAX];
    size_t most = RELAY_WINDOW - source->in_flight;
    ssize_t n = read(source->fd, data, most < sizeof(data) ? most : sizeof(data));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0) { /* a terminal whose last user has gone says EIO */
        cleanup_close(&source->fd);
        return put_small(relay, FRAME_END, stream, 0) ? 0 : -ENOBUFS;
    }
    source->in_flight += (uint32_t)n;
    struct frame frame = { .kind = FRAME_DATA, .stream = stream, .len = (size_t)n, .data = data };
    return relay_put(relay, &frame) ? 0 : -ENOBUFS;
}

static int serve_sink(struct relay *relay, unsigned stream)
{
    struct relay_sink *sink = &relay->sinks[stream];
    size_t most = RELAY_WINDOW - sink->from;
    if (most > sink->len)
        most = sink->len;
    ssize_t n = write(sink->fd, sink->data + sink->from, most < WRITE_MAX ? most : WRITE_MAX);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n < 0) {
        cleanup_close(&sink->fd);
        sink->len = 0;
        return put_small(relay, FRAME_STOP, stream, 0) ? 0 : -ENOBUFS;
    }
    sink->from = (sink->from + (size_t)n) % RELAY_WINDOW;
    sink->len -= (size_t)n;
    if (sink->ending && !sink->len)
        cleanup_close(&sink->fd);
    return put_small(relay, FRAME_ACK, stream, (uint32_t)n) ? 0 : -ENOBUFS;
}

static int take_data(struct relay *relay, const struct frame *frame)
{
    struct relay_sink *sink = &relay->sinks[frame->stream];
    if (!sink->ours || sink->ending)
        return -EBADMSG;
    if (sink->fd < 0) /* it has been told to stop */
        return 0;
    if (frame->len > RELAY_WINDOW - sink->len)
        return -EBADMSG;
    size_t at = (sink->from + sink->len) % RELAY_WINDOW;
    size_t first = RELAY_WINDOW - at < frame->len ? RELAY_WINDOW - at : frame->len;
    memcpy(sink->data + at, frame->data, first);
    memcpy(sink->data, frame->data + first, frame->len - first);
    sink->len += frame->len;
    return 0;
}

static int take_end(struct relay *relay, unsigned stream)
{
    struct relay_sink *sink = &relay->sinks[stream];
    if (!sink->ours || sink->ending)
        return -EBADMSG;
    sink->ending = true;
    if (!sink->len)
        cleanup_close(&sink->fd);
    return 0;
}

static int take_frame(struct relay *relay, const struct frame *frame, relay_frame *on_frame, void *with)
{
    struct relay_source *source = &relay->sources[frame->stream];
    switch (frame->kind) {
    case FRAME_DATA:
        return take_data(relay, frame);
    case FRAME_END:
        return take_end(relay, frame->stream);
    case FRAME_ACK:
        if (!source->ours || frame->value > source->in_flight)
            return -EBADMSG;
        source->in_flight -= frame->value;
        return 0;
    case FRAME_STOP:
        if (!source->ours)
            return -EBADMSG;
        cleanup_close(&source->fd);
        return 0;
    default:
        return on_frame(with, frame);
    }
}

static int serve_in(struct relay *relay, relay_frame *on_frame, void *with)
{
    ssize_t n = read(relay->port, relay->in + relay->in_len, sizeof(relay->in) - relay->in_len);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    if (n == 0)
        return -EPIPE;
    relay->in_len += (size_t)n;
    size_t at = 0;
    for (;;) {
        struct frame frame;
        int len = frame_decode(relay->in + at, relay->in_len - at, &frame);
        if (len == 0)
            break;
        int r = len < 0 ? len : take_frame(relay, &frame, on_frame, with);
        if (r < 0)
            return r;
        at += (size_t)len;
    }
    relay->in_len -= at;
    memmove(relay->in, relay->in + at, relay->in_len);
    return 0;
}

static int serve_out(struct relay *relay)
{
    ssize_t n = write(relay->port, relay->out, relay->out_len);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    relay->out_len -= (size_t)n;
    memmove(relay->out, relay->out + n, relay->out_len);
    return 0;
}

int relay_serve(struct relay *relay, const struct pollfd *fds, relay_frame *on_frame, void *with)
{
    int r = 0;
    if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
        r = serve_in(relay, on_frame, with);
    for (unsigned i = 0; i < FRAME_STREAMS && r >= 0; i++) {
        if (fds[1 + i].revents && wants_read(relay, i))
            r = serve_source(relay, i);
        if (r >= 0 && fds[1 + FRAME_STREAMS + i].revents && wants_write(relay, i))
            r = serve_sink(relay, i);
    }
    if (r >= 0 && relay->out_len)
        r = serve_out(relay);
    return r;
}

bool relay_all_sent(const struct relay *relay)
{
    for (unsigned i = 0; i < FRAME_STREAMS; i++)
        if (relay->sources[i].fd >= 0)
            return false;
    return relay->out_len == 0;
}

bool relay_all_written(const struct relay *relay)
{
    for (unsigned i = 0; i < FRAME_STREAMS; i++)
        if (relay->sinks[i].fd >= 0 && relay->sinks[i].len)
            return false;
    return true;
}
