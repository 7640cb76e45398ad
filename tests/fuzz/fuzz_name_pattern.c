/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of protected names' patterns: the input is a pattern, a newline, a path. Properties: folding only adds; what holds a
 * directory holds what is in it; a path escaped means itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/name_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATH_SIZE 4096

static void require(int holds)
{
    if (!holds)
        abort();
}

static void look_at(const char *pattern, const char *path)
{
    unsigned strict = name_pattern_look(pattern, path, false), folded = name_pattern_look(pattern, path, true);
    require(!(strict & ~folded));
    char below[PATH_SIZE + 8];
    size_t n = strlen(path);
    memcpy(below, path, n);
    memcpy(below + n, "/x", 3);
    require(!(strict & NAME_MATCHED) || name_pattern_look(pattern, below, false) & NAME_MATCHED);
    /* below what is neither matched nor above a match there is none */
    require(strict || !name_pattern_look(pattern, below, false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_buf_ struct buf escaped = { 0 };
    char text[PATH_SIZE];
    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    char *path = strchr(text, '\n');
    if (!path)
        return 0;
    *path++ = '\0';
    name_pattern_is_glob(text);
    if (!name_pattern_problem(text))
        look_at(text, path);
    if (name_pattern_escape(path, &escaped) == 0 && escaped.data) {
        require(!name_pattern_problem(escaped.data));
        require(name_pattern_look(escaped.data, path, false) == NAME_MATCHED);
    }
    return 0;
}
