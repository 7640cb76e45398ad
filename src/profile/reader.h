/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a profile file, fed to inih one by one. The text may be hostile.
 *
 * Debian's libinih splits lines at 200 bytes, cuts values at " ;", takes an indented line for more of the previous key,
 * and does not tell line numbers. So this reader counts the lines, refuses what would be misread, and hands inih every
 * key with a stand-in for its value, which it puts back when inih reports the key with its section. Comments are lines
 * of their own, beginning with '#' or ';'; everything else in a value is taken as it stands. */
#ifndef AGENTJAIL_PROFILE_READER_H
#define AGENTJAIL_PROFILE_READER_H

#include <stddef.h>

#include "base/buf.h"

enum {
    READER_FILE_MAX = 1 << 20, /* bytes of a file */
    READER_LINE_MAX = 8192,    /* bytes of a line: a path of 4095 bytes and more */
    READER_NAME_MAX = 128,     /* bytes of a key */
};

/* One key. section, name and value (NULL: no '=') last only for the call. A negative return ends the reading. */
typedef int (*reader_entry)(void *data, const char *section, const char *name, const char *value, unsigned line,
                            struct buf *why);

/* Read len bytes of text; file is for messages. 0, what entry returned, -EINVAL with "file:line: problem; fix" in why,
 * or -ENOMEM. */
int reader_parse(const char *file, const char *text, size_t len, reader_entry entry, void *data, struct buf *why);

#endif
