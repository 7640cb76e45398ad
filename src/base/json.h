/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing JSON (RFC 8259), a value after the other, into a buffer. Pure. Commas and colons come by themselves:
 *
 *     struct json j = { .out = &text };
 *     json_object(&j, NULL);
 *     json_string(&j, "id", id);
 *     json_array(&j, "pids");
 *     json_integer(&j, NULL, pid);
 *     json_end(&j);
 *     json_end(&j);
 *     int r = json_finish(&j);
 *
 * key is the name of a member when the value stands in an object, and NULL in an array and at the top. It is ours, so
 * plain ASCII. The first failure is kept, and everything after it does nothing: only json_finish() need be looked at. */
#ifndef AGENTJAIL_BASE_JSON_H
#define AGENTJAIL_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { JSON_DEPTH_MAX = 32 };

struct json {
    struct buf *out;
    int result;              /* 0, or the first failure's -errno */
    unsigned depth;
    uint32_t begun;          /* bit: something stands at this depth already */
    uint32_t objects;        /* bit: what is open at this depth is an object */
};

/* Open an object or array; -EINVAL (in result) below JSON_DEPTH_MAX others, or for a key that must not or must be. */
void json_object(struct json *j, const char *key);

/* The same for an array, in which values have no key. */
void json_array(struct json *j, const char *key);

/* Close what was opened last. */
void json_end(struct json *j);

/* A string of len bytes. What is not UTF-8 becomes U+FFFD, one for each maximal broken part (Unicode 3.9). */
void json_bytes(struct json *j, const char *key, const char *s, size_t len);

/* A NUL-terminated string; null for NULL. */
void json_string(struct json *j, const char *key, const char *s);

/* A number. */
void json_integer(struct json *j, const char *key, int64_t value);

/* A number without sign. */
void json_unsigned(struct json *j, const char *key, uint64_t value);

/* true or false. */
void json_bool(struct json *j, const char *key, bool value);

/* null. */
void json_null(struct json *j, const char *key);

/* 0 when one whole value was written, -EINVAL when something is still open or was used wrongly, -ENOMEM. Adds a
 * newline. */
int json_finish(struct json *j);

#endif
