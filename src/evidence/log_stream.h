/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One log, read over all its parts as if they were one file. */
#ifndef AGENTJAIL_EVIDENCE_LOG_STREAM_H
#define AGENTJAIL_EVIDENCE_LOG_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "evidence/logs.h"

struct log_stream {
    int dir;              /* where the parts lie, borrowed; -1: there is one file, without a name */
    int fd;               /* the part at hand */
    unsigned part, first; /* its number, and that of the part to begin with */
    char stem[LOGS_NAME_MAX];
};

#define LOG_STREAM_EMPTY ((struct log_stream){ .dir = -1, .fd = -1 })

/* Of a single file, which stays the caller's. */
#define LOG_STREAM_OF(file) ((struct log_stream){ .dir = -1, .fd = (file) })

/* Begin with that part of a log in the directory, which must stay open. 0 or -errno; -EINVAL if it is no log's name, or no
 * file. Release with log_stream_close(). */
int log_stream_open(struct log_stream *s, int dir, const char *name);

/* Read on, as read(2), into the next part where one ends; 0 at the end of the last. -errno. */
ssize_t log_stream_read(struct log_stream *s, void *buffer, size_t size);

/* Back to the beginning. 0 or -errno. */
int log_stream_rewind(struct log_stream *s);

/* True while a monitor writes its last part. */
bool log_stream_is_live(const struct log_stream *s);

/* Close what it has open; the directory is the caller's. */
void log_stream_close(struct log_stream *s);

#endif
