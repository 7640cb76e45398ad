/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/chain.h"

#include <stdio.h>
#include <string.h>

void hex_write(char *ret, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret[2 * len] = '\0';
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_read(uint8_t *ret, size_t len, const char *hex, size_t hex_len)
{
    if (hex_len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void chain_hash(uint8_t ret[static HASH_SIZE], const uint8_t before[static HASH_SIZE], const char *body, size_t len)
{
    sha256(ret, before, HASH_SIZE, body, len);
}

void chain_add(struct chain *c, const uint8_t hash[static HASH_SIZE])
{
    merkle_add(&c->merkle, hash);
    memmove(c->last, hash, HASH_SIZE);
}

int chain_seal(struct chain *c, struct buf *line, size_t begin)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    chain_hash(hash, c->last, line->data + begin, line->len - begin);
    hex_write(hex, hash, sizeof(hash));
    int r = buf_printf(line, CHAIN_MARK "%s" CHAIN_END "\n", hex);
    if (r >= 0)
        chain_add(c, hash);
    return r;
}

size_t chain_statement(char ret[static CHAIN_STATEMENT_MAX], const uint8_t root[static HASH_SIZE],
                       const uint8_t hash[static HASH_SIZE])
{
    char root_hex[2 * HASH_SIZE + 1], hash_hex[2 * HASH_SIZE + 1];
    hex_write(root_hex, root, HASH_SIZE);
    hex_write(hash_hex, hash, HASH_SIZE);
    return (size_t)snprintf(ret, CHAIN_STATEMENT_MAX, "agentjail checkpoint 1\n%s\n%s\n", root_hex, hash_hex);
}
