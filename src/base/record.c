/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/record.h"

#include <stdbool.h>
#include <string.h>

int record_field(struct buf *out, const char *s, size_t max)
{
    int r = 0;
    for (size_t i = 0; s[i] && r >= 0; i++) {
        if (i == max)
            return buf_str(out, "...");
        unsigned char c = (unsigned char)s[i];
        r = c < 0x20 || c == 0x7F || c == '\\' ? buf_printf(out, "\\%03o", c) : buf_char(out, s[i]);
    }
    return r;
}

char *record_line(char **text)
{
    char *line = *text;
    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    *text = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* \001 to \377; NUL would end the string. */
static bool is_escape(const char *s)
{
    return s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && is_octal(s[2]) && is_octal(s[3]) &&
           !(s[1] == '0' && s[2] == '0' && s[3] == '0');
}

static void unescape(char *s)
{
    char *to = s;
    while (*s) {
        if (is_escape(s)) {
            *to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
            s += 4;
        } else {
            *to++ = *s++;
        }
    }
    *to = '\0';
}

char *record_next(char **line)
{
    char *field = *line;
    if (!field)
        return NULL;
    char *end = strchr(field, '\t');
    *line = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    unescape(field);
    return field;
}
