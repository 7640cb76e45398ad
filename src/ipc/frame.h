/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames between the microVM's keeper in the jail (microvm/keeper.h) and the guest's first process (src/guest), over one
 * virtio-serial port: four bytes of head (kind, stream, length in little endian), then that many bytes.
 *
 *   kind          from    payload                                             permitted
 *   FRAME_READY   guest   -                                                   once, first
 *   FRAME_DATA    sender  bytes of the stream: 0 from the keeper, 1, 2 from   up to RELAY_WINDOW bytes that are not
 *                         the guest                                           acknowledged
 *   FRAME_END     sender  - ; the stream has ended                            once a stream
 *   FRAME_ACK     reader  u32: so many bytes of the stream were taken         never more than were sent
 *   FRAME_STOP    reader  - ; nobody reads the stream any more                once a stream
 *   FRAME_SIGNAL  keeper  u32: a signal for the command's group               any number
 *   FRAME_SIZE    keeper  u16 rows, u16 columns of the terminal               any number
 *   FRAME_NOEXEC  guest   u32: errno of the command's execve(2)               once, instead of FRAME_EXITED
 *   FRAME_EXITED  guest   u32: wait status                                    once, last
 *   FRAME_FAILED  guest   text for people                                     once, last
 *
 * Either side takes the other for hostile: what is not permitted ends the connection, and with it the microVM. */
#ifndef AGENTJAIL_IPC_FRAME_H
#define AGENTJAIL_IPC_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum frame_kind {
    FRAME_READY = 1,
    FRAME_DATA,
    FRAME_END,
    FRAME_ACK,
    FRAME_STOP,
    FRAME_SIGNAL,
    FRAME_SIZE,
    FRAME_NOEXEC,
    FRAME_EXITED,
    FRAME_FAILED,
    FRAME_KINDS,
};

#define FRAME_HEAD 4
#define FRAME_DATA_MAX 16384
#define FRAME_STREAMS 3
/* The port's name, and the tag of the file system. */
#define FRAME_PORT "agentjail"
#define GUEST_ROOT_TAG "root"

struct frame {
    enum frame_kind kind;
    unsigned stream; /* below FRAME_STREAMS; 0 where the kind has none */
    uint32_t value;  /* of kinds that carry a number; FRAME_SIZE: rows << 16 | columns */
    size_t len;      /* of data, FRAME_DATA and FRAME_FAILED */
    const uint8_t *data; /* within the bytes that were decoded */
};

/* Take one frame from the beginning of n bytes: its whole length; 0 if it has not all come; -EBADMSG if that is none. */
int frame_decode(const uint8_t *bytes, size_t n, struct frame *ret);

/* Write the frame to bytes, which have room for FRAME_HEAD + FRAME_DATA_MAX: its length. frame->len is at most
 * FRAME_DATA_MAX. */
size_t frame_encode(const struct frame *frame, uint8_t *bytes);

#endif
