/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growable byte buffer, always NUL-terminated behind its end. */
#ifndef AGENTJAIL_BASE_BUF_H
#define AGENTJAIL_BASE_BUF_H

#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

struct buf {
    char *data; /* NULL while empty and never grown */
    size_t len;
    size_t size;
};

/* Release what b holds and make it empty. */
void buf_free(struct buf *b);

/* Append len bytes; 0 or -ENOMEM (b unchanged). */
int buf_add(struct buf *b, const void *data, size_t len);

/* Append a NUL-terminated string; 0 or -ENOMEM. */
int buf_str(struct buf *b, const char *s);

/* Append one byte; 0 or -ENOMEM. */
int buf_char(struct buf *b, char c);

/* Append s for a terminal: control characters, which a path or a file's content may hold, as \\ooo (but newline and tab),
 * also those that turn the direction of text; as all bytes above 0x7f are unless s is UTF-8. 0 or -ENOMEM. */
int buf_visible(struct buf *b, const char *s);

/* Append printf(3) output; 0 or -ENOMEM. */
int buf_printf(struct buf *b, const char *format, ...) _printf_(2, 3);

/* Read fd to its end, at most max bytes; 0, -EFBIG when there is more, or another -errno. Reads only. */
int buf_read_fd(struct buf *b, int fd, size_t max);

/* Read a whole file below dirfd (openat(2) rules, O_CLOEXEC, O_NOCTTY, not a FIFO); as buf_read_fd. */
int buf_read_file(struct buf *b, int dirfd, const char *path, size_t max);

/* The content as a malloc'ed string, owned by the caller; b is empty afterwards. NULL without memory. */
char *buf_take(struct buf *b);

#define _cleanup_buf_ _cleanup_(buf_free)

#endif
