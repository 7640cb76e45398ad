/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of HTTP requests. The first byte says whether the server answers, and with what, behind the second half of the input.
 * Properties: pieces make no difference; no more is held than a head may have; the first request that is passed on has, to a
 * plain reader of lines, one Host, which is the right one. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void plain_reader(const char *text, size_t len)
{
    const char *end = memmem(text, len, "\r\n\r\n", 4), *line = text;
    unsigned hosts = 0;
    require(end != NULL);
    while ((line = memmem(line, (size_t)(end + 2 - line), "\r\n", 2)) && line < end) {
        line += 2;
        if (strncasecmp(line, "host:", 5) != 0)
            continue;
        const char *value = line + 5;
        while (*value == ' ' || *value == '\t')
            value++;
        require(strncasecmp(value, "a.example", 9) == 0 && (value[9] == ':' || strchr(" \t\r", value[9])));
        hosts++;
    }
    require(hosts == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const answers[] = { "", "HTTP/1.1 101 x", "HTTP/1.1 200 x" };
    struct http_stream whole, pieces;
    if (size == 0)
        return 0;
    const char *answer = answers[data[0] % 3];
    data++;
    size--;
    size_t half = size / 2;
    http_begin(&whole, "a.example", 80);
    http_begin(&pieces, "a.example", 80);
    http_feed(&whole, data, half);
    http_answer(&whole, (const uint8_t *)answer, strlen(answer));
    http_feed(&whole, data + half, size - half);
    for (size_t i = 0; i < size; i++) {
        if (i == half)
            http_answer(&pieces, (const uint8_t *)answer, strlen(answer));
        http_feed(&pieces, data + i, 1);
        require(pieces.held <= HTTP_HEAD_MAX + 1 && pieces.held <= i + 1);
    }
    require(size == 0 || (whole.result == pieces.result && whole.requests == pieces.requests && whole.held == pieces.held));
    require(whole.opaque == pieces.opaque);
    require(whole.result == HTTP_GOOD || whole.why);
    if (whole.requests > 0)
        plain_reader((const char *)data, size);
    return 0;
}
