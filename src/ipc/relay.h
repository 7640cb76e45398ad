/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard input, output and error over one port in frames (ipc/frame.h): the same at both ends. No stream keeps another one
 * or a signal waiting: what nobody takes is not sent beyond a window. Nothing here is allocated. */
#ifndef AGENTJAIL_IPC_RELAY_H
#define AGENTJAIL_IPC_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/frame.h"

#define RELAY_WINDOW 65536U
#define RELAY_OUT_SIZE (4 * (FRAME_HEAD + FRAME_DATA_MAX))
#define RELAY_POLLFDS (1 + 2 * FRAME_STREAMS)

/* A file that is read here for the peer; fd -1: there is none, or it has ended. Owned. */
struct relay_source {
    int fd;
    uint32_t in_flight; /* bytes that the peer has not acknowledged */
    bool ours;          /* the stream goes this way */
};

/* A file that is written here; fd -1: there is none, or nobody reads it. Owned. */
struct relay_sink {
    int fd;
    bool ours;
    bool ending; /* the peer has sent everything */
    size_t from, len;
    uint8_t data[RELAY_WINDOW]; /* a ring */
};

struct relay {
    int port; /* does not block */
    struct relay_source sources[FRAME_STREAMS];
    struct relay_sink sinks[FRAME_STREAMS];
    uint8_t in[FRAME_HEAD + FRAME_DATA_MAX];
    size_t in_len;
    uint8_t out[RELAY_OUT_SIZE];
    size_t out_len;
};

/* A frame that is not about a stream. 0 or -errno, which ends the relay. */
typedef int relay_frame(void *with, const struct frame *frame);

/* No files yet. Takes port over. */
void relay_init(struct relay *relay, int port);

/* This stream is read here from fd, or written to it; fd is taken over. */
void relay_read_from(struct relay *relay, unsigned stream, int fd);
void relay_write_to(struct relay *relay, unsigned stream, int fd);

/* What to wait for: RELAY_POLLFDS entries. */
void relay_pollfds(const struct relay *relay, struct pollfd *fds);

/* Do what poll(2) found. 0, -EPIPE when the peer is gone, -EBADMSG when it did what it may not, or another -errno. */
int relay_serve(struct relay *relay, const struct pollfd *fds, relay_frame *on_frame, void *with);

/* Queue a frame. False: there is no room for it now. */
bool relay_put(struct relay *relay, const struct frame *frame);

/* Everything read here has been sent, to the end of the files. */
bool relay_all_sent(const struct relay *relay);

/* Everything that came has been written. */
bool relay_all_written(const struct relay *relay);

#endif
