/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/frame.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool has_stream(unsigned kind)
{
    return kind == FRAME_DATA || kind == FRAME_END || kind == FRAME_ACK || kind == FRAME_STOP;
}

static bool has_number(unsigned kind)
{
    return kind == FRAME_ACK || kind == FRAME_SIGNAL || kind == FRAME_SIZE || kind == FRAME_NOEXEC || kind == FRAME_EXITED;
}

static bool has_bytes(unsigned kind)
{
    return kind == FRAME_DATA || kind == FRAME_FAILED;
}

int frame_decode(const uint8_t *bytes, size_t n, struct frame *ret)
{
    if (n < FRAME_HEAD)
        return 0;
    unsigned kind = bytes[0], stream = bytes[1];
    size_t len = (size_t)bytes[2] | (size_t)bytes[3] << 8;
    bool right = has_bytes(kind) ? len > 0 && len <= FRAME_DATA_MAX : len == (has_number(kind) ? 4U : 0U);
    if (kind < FRAME_READY || kind >= FRAME_KINDS || !right || stream >= (has_stream(kind) ? FRAME_STREAMS : 1U))
        return -EBADMSG;
    if (n < FRAME_HEAD + len)
        return 0;
    struct frame frame = { .kind = (enum frame_kind)kind, .stream = stream };
    const uint8_t *data = bytes + FRAME_HEAD;
    if (has_number(kind)) {
        frame.value = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
    } else {
        frame.len = len;
        frame.data = data;
    }
    *ret = frame;
    return (int)(FRAME_HEAD + len);
}

size_t frame_encode(const struct frame *frame, uint8_t *bytes)
{
    size_t len = has_number(frame->kind) ? 4 : has_bytes(frame->kind) ? frame->len : 0;
    bytes[0] = (uint8_t)frame->kind;
    bytes[1] = (uint8_t)frame->stream;
    bytes[2] = (uint8_t)len;
    bytes[3] = (uint8_t)(len >> 8);
    for (unsigned i = 0; has_number(frame->kind) && i < 4; i++)
        bytes[FRAME_HEAD + i] = (uint8_t)(frame->value >> (8 * i));
    if (has_bytes(frame->kind))
        memcpy(bytes + FRAME_HEAD, frame->data, len);
    return FRAME_HEAD + len;
}
