/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/reader.h"

#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "profile/option.h"

/* What inih gets for a value, and for none. Short, and nothing that it would strip or cut. */
#define WITH_VALUE "@"
#define WITHOUT_VALUE "!"

/* inih keeps sections in 50 bytes. */
enum { SECTION_MAX = 48 };

struct reader {
    const char *file;
    const char *text, *end; /* what is still to be read */
    unsigned line;
    bool sectioned;
    reader_entry entry;
    void *data;
    struct buf *why;
    int result;
    char value[READER_LINE_MAX + 1]; /* of the line that inih has */
};

_printf_(2, 3) static int fail(struct reader *rd, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    int r = buf_printf(rd->why, "%s:%u: %s", rd->file, rd->line, text);
    rd->result = r < 0 ? r : -EINVAL;
    return rd->result;
}

static int check_bytes(struct reader *rd, const char *line, size_t len)
{
    if (len > READER_LINE_MAX)
        return fail(rd, "line is longer than %d bytes; shorten it", READER_LINE_MAX);
    unsigned char all = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        all |= c;
        if (c >= 0x20 && c != 0x7F)
            continue;
        if (c == '\r' && i + 1 == len)
            return fail(rd, "line ends in CR LF; save the file with Unix line ends");
        if (c == '\0')
            return fail(rd, "NUL byte; profiles are text");
        if (c != '\t')
            return fail(rd, "control character 0x%02x; remove it", c);
    }
    if (all >= 0x80 && !utf8_valid(line, len))
        return fail(rd, "not UTF-8; save the file as UTF-8");
    if (rd->line == 1 && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0)
        return fail(rd, "file begins with a byte order mark; save it without");
    return 0;
}

/* "[section]" and nothing else. */
static int take_section(struct reader *rd, const char *line, size_t len, char *out, size_t size)
{
    if (line[len - 1] != ']' || len < 3 || memchr(line, ']', len - 1) || len - 2 > SECTION_MAX)
        return fail(rd, "not a section; write [name] on a line of its own");
    char name[SECTION_MAX + 1];
    memcpy(name, line + 1, len - 2);
    name[len - 2] = '\0';
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz-") != len - 2 || !option_section_known(name)) {
        struct buf known = { 0 };
        for (const struct option_section *s = option_sections; s->name || s->title; s++)
            if (s->name && s->title)
                (void)buf_printf(&known, " [%s]", s->name);
        int r = fail(rd, "[%s]: unknown section; there are%s", name, known.data ? known.data : "");
        buf_free(&known);
        return r;
    }
    rd->sectioned = true;
    snprintf(out, size, "[%s]\n", name);
    return 0;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '*' || c == '.';
}

/* "name = value" or "name": the value goes aside, inih gets the stand-in. */
static int take_key(struct reader *rd, const char *line, size_t len, char *out, size_t size)
{
    const char *equals = memchr(line, '=', len);
    size_t name_len = equals ? (size_t)(equals - line) : len;
    while (name_len && (line[name_len - 1] == ' ' || line[name_len - 1] == '\t'))
        name_len--;
    if (name_len == 0)
        return fail(rd, "no key before '='; write key = value");
    if (name_len > READER_NAME_MAX)
        return fail(rd, "key is longer than %d bytes; shorten it", READER_NAME_MAX);
    for (size_t i = 0; i < name_len; i++)
        if (!name_char(line[i]))
            return fail(rd, "\"%.*s\" is no key; write key = value, or begin a comment line with '#'", (int)name_len,
                        line);
    if (!rd->sectioned)
        return fail(rd, "%.*s: key outside of a section; write a line such as [files] above it", (int)name_len, line);

    rd->value[0] = '\0';
    if (equals) {
        const char *value = equals + 1, *end = line + len;
        while (value < end && (*value == ' ' || *value == '\t'))
            value++;
        memcpy(rd->value, value, (size_t)(end - value));
        rd->value[end - value] = '\0';
        if (strchr(rd->value, '\t'))
            return fail(rd, "%.*s: tab inside the value; write spaces", (int)name_len, line);
    }
    static const char with[] = "=" WITH_VALUE "\n", without[] = "=" WITHOUT_VALUE "\n";
    if (name_len + sizeof(with) > size)
        return fail(rd, "%.*s: key too long", (int)name_len, line);
    memcpy(out, line, name_len);
    memcpy(out + name_len, equals ? with : without, sizeof(with));
    return 0;
}

/* inih's reader: the next line that says something, or NULL at the end and after an error. */
static char *next_line(char *out, int size, void *stream)
{
    struct reader *rd = stream;
    while (rd->result == 0 && rd->text < rd->end) {
        const char *line = rd->text;
        const char *newline = memchr(line, '\n', (size_t)(rd->end - line));
        size_t len = newline ? (size_t)(newline - line) : (size_t)(rd->end - line);
        rd->text = newline ? newline + 1 : rd->end;
        rd->line++;

        if (check_bytes(rd, line, len) < 0)
            return NULL;
        while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
            len--;
        if (len == 0 || line[0] == '#' || line[0] == ';')
            continue;
        if (line[0] == ' ' || line[0] == '\t') {
            fail(rd, "indented line; begin it in the first column (a value is one line, a list repeats its key)");
            return NULL;
        }
        int r = line[0] == '[' ? take_section(rd, line, len, out, (size_t)size)
                               : take_key(rd, line, len, out, (size_t)size);
        return r < 0 ? NULL : out;
    }
    return NULL;
}

/* inih's handler: 1 is success there. */
static int take_entry(void *user, const char *section, const char *name, const char *value)
{
    struct reader *rd = user;
    if (rd->result < 0)
        return 0;
    bool valued = value && strcmp(value, WITH_VALUE) == 0;
    if (!valued && !(value && strcmp(value, WITHOUT_VALUE) == 0)) {
        fail(rd, "%s: this line cannot be read", name);
        return 0;
    }
    rd->result = rd->entry(rd->data, section, name, valued ? rd->value : NULL, rd->line, rd->why);
    return rd->result == 0;
}

int reader_parse(const char *file, const char *text, size_t len, reader_entry entry, void *data, struct buf *why)
{
    struct reader rd;
    memset(&rd, 0, offsetof(struct reader, value)); /* what a line needs of value is written then */
    rd.file = file;
    rd.text = text;
    rd.end = text + len;
    rd.entry = entry;
    rd.data = data;
    rd.why = why;
    if (len > READER_FILE_MAX) {
        (void)buf_printf(why, "%s: file is larger than %d bytes; split it", file, READER_FILE_MAX);
        return -EFBIG;
    }
    int r = ini_parse_stream(next_line, &rd, take_entry, &rd);
    if (rd.result < 0)
        return rd.result;
    if (r != 0) {
        (void)buf_printf(why, "%s:%u: this line cannot be read", file, rd.line);
        return -EINVAL;
    }
    return 0;
}
