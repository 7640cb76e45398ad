/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading one line of JSON (RFC 8259), which may have been altered by anybody. Bounded: no recursion, no allocation but for
 * what is asked for. */
#ifndef AGENTJAIL_EVIDENCE_JSON_READ_H
#define AGENTJAIL_EVIDENCE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { JSON_READ_DEPTH = 16, JSON_READ_VALUES = 512 };

enum json_kind { JSON_OBJECT, JSON_ARRAY, JSON_TEXT, JSON_OTHER };

/* A value: where its text stands in the line (of strings without the quotes, not unescaped). Values of an object or array
 * follow it, up to (not with) the index after. */
struct json_value {
    enum json_kind kind;
    const char *key, *text; /* key NULL: an element of an array, or the top */
    size_t key_len, len;
    size_t after;
};

struct json_line {
    size_t n;
    struct json_value v[JSON_READ_VALUES];
};

/* Take apart len bytes; values point into them. 0, -EBADMSG if it is no JSON, -E2BIG for more, or deeper ones, than there is
 * room for. */
int json_read(struct json_line *ret, const char *text, size_t len);

/* The value at a path of member names ("actor.process.pid") below the top; NULL if there is none. */
const struct json_value *json_find(const struct json_line *line, const char *path);

/* The i-th element of an array (or member of an object), NULL behind the last. */
const struct json_value *json_element(const struct json_line *line, const struct json_value *of, size_t i);

/* Append a string's value: escapes undone, NUL left out. Other values as they stand. 0 or -ENOMEM. */
int json_unescape(const struct json_value *value, struct buf *out);

/* A number without sign; false if it is none. */
bool json_number(const struct json_value *value, uint64_t *ret);

/* True if it is a string of just that text (which has nothing to be escaped). */
bool json_is(const struct json_value *value, const char *text);

#endif
