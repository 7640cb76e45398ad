/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How modes print what is not theirs: names, sizes, times. All append to a buffer; 0 or -ENOMEM. */
#ifndef AGENTJAIL_CLI_TEXT_H
#define AGENTJAIL_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Text on one line, safe for a terminal. */
int text_line(struct buf *out, const char *s);

/* Bytes as 812K, 3.4M. */
int text_size(struct buf *out, uint64_t bytes);

/* Seconds as 45s, 12m03s, 5h20m, 3d4h. */
int text_age(struct buf *out, int64_t seconds);

/* A time as RFC 3339 writes it, in UTC. */
int text_time(struct buf *out, int64_t seconds);

/* Print what a mode has put together to standard output; the exit status: 0, or 125 where it could not be written (or r,
 * the result of putting it together, is negative). */
int text_print(const struct buf *out, int r);

/* After a mode has written to standard output by itself (not written: one of its calls has failed): what is buffered, and
 * the exit status as above. */
int text_printed(bool written);

#endif
