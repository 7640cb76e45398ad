/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/merkle.h"

#include <string.h>

static void leaf(uint8_t ret[static HASH_SIZE], const uint8_t entry[static HASH_SIZE])
{
    sha256(ret, "\0", 1, entry, HASH_SIZE);
}

/* ret may be one of the two. */
static void node(uint8_t ret[static HASH_SIZE], const uint8_t left[static HASH_SIZE], const uint8_t right[static HASH_SIZE])
{
    uint8_t pair[1 + HASH_SIZE];
    pair[0] = 1;
    memcpy(pair + 1, left, HASH_SIZE);
    sha256(ret, pair, sizeof(pair), right, HASH_SIZE);
}

void merkle_add(struct merkle *m, const uint8_t entry[static HASH_SIZE])
{
    size_t n = (size_t)__builtin_popcountll(m->count);
    leaf(m->peaks[n], entry);
    for (uint64_t bits = m->count; bits & 1; bits >>= 1) { /* as a carry runs through a sum */
        n--;
        node(m->peaks[n], m->peaks[n], m->peaks[n + 1]);
    }
    m->count++;
}

void merkle_root(const struct merkle *m, uint8_t ret[static HASH_SIZE])
{
    size_t n = (size_t)__builtin_popcountll(m->count);
    if (n == 0) {
        sha256(ret, "", 0, "", 0);
        return;
    }
    memcpy(ret, m->peaks[n - 1], HASH_SIZE);
    for (size_t i = n - 1; i-- > 0;)
        node(ret, m->peaks[i], ret);
}
