/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of fields, for files and messages between our own processes: tabs between fields, and in a field every control
 * byte and backslash written \ooo, so that it may hold anything but NUL. Pure; reading takes any bytes. */
#ifndef AGENTJAIL_BASE_RECORD_H
#define AGENTJAIL_BASE_RECORD_H

#include <stddef.h>

#include "base/buf.h"

/* Append s as a field, of at most max bytes (cut off behind that, with "..." to show it). 0 or -ENOMEM. */
int record_field(struct buf *out, const char *s, size_t max);

/* The next line of text, NUL written in place of its newline; *text moves behind it. NULL at the end. */
char *record_line(char **text);

/* The next field of a line, unescaped in place; *line moves behind it. NULL behind the last. What is no escape of ours
 * stands as it is. */
char *record_next(char **line);

#endif
