/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of what is typed at a question. The first byte is the size of the pieces. Properties: pieces make no difference, an
 * answer is a whole word before an Enter that was typed, and none is found in a control string that does not end. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = { "once", "run", "\001", "no", NULL };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int feed(const char *keys, size_t n, size_t step, size_t *ret_used)
{
    struct answer a;
    int r = ANSWER_MORE;
    size_t at = 0, used;
    answer_init(&a);
    while (at < n && r == ANSWER_MORE) {
        r = answer_feed(&a, keys + at, n - at < step ? n - at : step, false, words, &used);
        require(strlen(a.line) == a.len && a.len <= ANSWER_LINE_MAX);
        at += used;
    }
    *ret_used = at;
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *keys = (const char *)data + 1;
    size_t n = size - 1, whole, pieces;
    int r = feed(keys, n, n ? n : 1, &whole);
    require(feed(keys, n, data[0] % 7 + 1, &pieces) == r && pieces == whole);
    require(r >= ANSWER_ESCAPED && r != 2 && r < 4);
    if (r >= 0)
        require(whole > strlen(words[r]) && (keys[whole - 1] == '\r' || keys[whole - 1] == '\n'));

    char *hidden = malloc(n + 2); /* an operating system command holds all of it, unless something in it ends that */
    require(hidden != NULL);
    memcpy(hidden, "\033]", 2);
    size_t kept = 2;
    for (size_t i = 0; i < n; i++)
        if (!strchr("\007\030\032\033", keys[i]) || !keys[i])
            hidden[kept++] = keys[i];
    require(feed(hidden, kept, kept, &whole) == ANSWER_MORE);
    free(hidden);
    return 0;
}
