/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/parse.h"

static void take(struct json *j, int r)
{
    if (j->result >= 0 && r < 0)
        j->result = r;
}

static uint32_t level(const struct json *j)
{
    return (uint32_t)1 << j->depth;
}

/* What has to stand before a value: a comma, a name. At the top there may be one value only. */
static bool begin(struct json *j, const char *key)
{
    bool in_object = j->depth && (j->objects & level(j));
    if (in_object != (key != NULL) || (j->depth == 0 && (j->begun & 1)))
        take(j, -EINVAL);
    if (j->result < 0)
        return false;
    if (j->begun & level(j))
        take(j, buf_char(j->out, ','));
    j->begun |= level(j);
    if (key)
        take(j, buf_printf(j->out, "\"%s\":", key));
    return j->result >= 0;
}

static void open_value(struct json *j, const char *key, bool object)
{
    if (!begin(j, key))
        return;
    if (j->depth + 1 >= JSON_DEPTH_MAX) {
        take(j, -EINVAL);
        return;
    }
    take(j, buf_char(j->out, object ? '{' : '['));
    j->depth++;
    j->begun &= ~level(j);
    if (object)
        j->objects |= level(j);
    else
        j->objects &= ~level(j);
}

void json_object(struct json *j, const char *key)
{
    open_value(j, key, true);
}

void json_array(struct json *j, const char *key)
{
    open_value(j, key, false);
}

void json_end(struct json *j)
{
    if (j->depth == 0)
        take(j, -EINVAL);
    if (j->result < 0)
        return;
    take(j, buf_char(j->out, j->objects & level(j) ? '}' : ']'));
    j->depth--;
}

/* How many bytes of what is not well-formed are one broken part: as far as it could have become a sequence (Unicode,
 * table 3-7). */
static size_t broken_part(const unsigned char *s, size_t len)
{
    size_t whole = s[0] < 0xC2 || s[0] > 0xF4 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    size_t n = 1;
    while (n < whole && n < len && s[n] >= low && s[n] <= high) {
        n++;
        low = 0x80;
        high = 0xBF;
    }
    return n;
}

/* The short escapes of RFC 8259, 7. */
static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* One character from s; how many bytes it took. DEL and C1 controls are allowed raw, but would act on a terminal. */
static size_t add_character(struct json *j, const unsigned char *s, size_t len)
{
    size_t n = utf8_sequence(s, len);
    if (n == 0) {
        take(j, buf_str(j->out, "\\ufffd"));
        return broken_part(s, len);
    }
    const char *escape = escape_of(s[0]);
    if (escape)
        take(j, buf_str(j->out, escape));
    else if (s[0] < 0x20 || s[0] == 0x7F)
        take(j, buf_printf(j->out, "\\u%04x", s[0]));
    else if (s[0] == 0xC2 && n == 2 && s[1] < 0xA0)
        take(j, buf_printf(j->out, "\\u%04x", s[1]));
    else
        take(j, buf_add(j->out, s, n));
    return n;
}

void json_bytes(struct json *j, const char *key, const char *s, size_t len)
{
    if (!begin(j, key))
        return;
    take(j, buf_char(j->out, '"'));
    for (size_t i = 0; i < len && j->result >= 0;)
        i += add_character(j, (const unsigned char *)s + i, len - i);
    take(j, buf_char(j->out, '"'));
}

void json_string(struct json *j, const char *key, const char *s)
{
    if (s)
        json_bytes(j, key, s, strlen(s));
    else
        json_null(j, key);
}

void json_integer(struct json *j, const char *key, int64_t value)
{
    if (begin(j, key))
        take(j, buf_printf(j->out, "%" PRId64, value));
}

void json_unsigned(struct json *j, const char *key, uint64_t value)
{
    if (begin(j, key))
        take(j, buf_printf(j->out, "%" PRIu64, value));
}

void json_bool(struct json *j, const char *key, bool value)
{
    if (begin(j, key))
        take(j, buf_str(j->out, value ? "true" : "false"));
}

void json_null(struct json *j, const char *key)
{
    if (begin(j, key))
        take(j, buf_str(j->out, "null"));
}

int json_finish(struct json *j)
{
    if (j->depth || !(j->begun & 1))
        take(j, -EINVAL);
    if (j->result >= 0)
        take(j, buf_char(j->out, '\n'));
    return j->result;
}
