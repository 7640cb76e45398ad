/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two hash tables with chains by index, in one block of memory of which only what is used is touched. */
#include "gateway/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BUCKETS = 32768, /* powers of two */
    ANSWER_BUCKETS = 65536,
    PER_BLOCK = 254, /* addresses used of 256: .0 and .255 look like a network's own to some programs */
};

/* Indexes are kept plus one: zeroed memory is empty. */
struct answer {
    struct ip ip;
    uint16_t number;
    uint32_t next;
};

struct name_table {
    uint64_t seed[2];
    size_t n_names, n_answers, bytes;
    uint32_t name_heads[NAME_BUCKETS];
    uint32_t name_next[NAMES_MAX];
    uint32_t offsets[NAMES_MAX];
    uint32_t answer_heads[ANSWER_BUCKETS];
    struct answer answers[NAMES_ANSWERS_MAX];
    char text[NAMES_BYTES];
};

_Static_assert(NAMES_MAX <= 65536 && NAMES_MAX / PER_BLOCK < 255, "numbers are 16 bits, and fit into 198.18.0.0/16");

static const uint8_t v6_prefix[12] = { 0xfd, 'a', 'g', 'e', 'n', 't', 'j', 'a', 'i', 'l', 0, 1 };

/* --- SipHash-1-3 (Aumasson, Bernstein: SipHash, a fast short-input PRF) --- */

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t hash(const uint64_t seed[2], const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d, seed[0] ^ 0x6c7967656e657261,
                      seed[1] ^ 0x7465646279746573 };
    uint64_t word, last = (uint64_t)len << 56;
    for (; len >= 8; len -= 8, p += 8) {
        memcpy(&word, p, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = 0; i < len; i++)
        last |= (uint64_t)p[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- names --- */

struct name_table *name_table_new(const uint8_t seed[16])
{
    struct name_table *table = calloc(1, sizeof(*table));
    if (table)
        memcpy(table->seed, seed, 16);
    return table;
}

void name_table_free(struct name_table *table)
{
    free(table);
}

static uint32_t name_bucket(const struct name_table *table, const char *name, size_t len)
{
    return (uint32_t)hash(table->seed, name, len) & (NAME_BUCKETS - 1);
}

static int find(const struct name_table *table, const char *name, uint32_t bucket)
{
    for (uint32_t i = table->name_heads[bucket]; i; i = table->name_next[i - 1])
        if (strcmp(table->text + table->offsets[i - 1], name) == 0)
            return (int)(i - 1);
    return -ENOENT;
}

int name_table_find(const struct name_table *table, const char *name)
{
    return find(table, name, name_bucket(table, name, strlen(name)));
}

int name_table_add(struct name_table *table, const char *name)
{
    size_t len = strlen(name);
    uint32_t bucket = name_bucket(table, name, len), number = (uint32_t)table->n_names;
    int r = find(table, name, bucket);
    if (r >= 0)
        return r;
    if (number == NAMES_MAX || len + 1 > NAMES_BYTES - table->bytes)
        return -ENOSPC;
    memcpy(table->text + table->bytes, name, len + 1);
    table->offsets[number] = (uint32_t)table->bytes;
    table->bytes += len + 1;
    table->name_next[number] = table->name_heads[bucket];
    table->name_heads[bucket] = number + 1;
    table->n_names++;
    return (int)number;
}

size_t name_table_count(const struct name_table *table)
{
    return table->n_names;
}

const char *name_table_name(const struct name_table *table, int number)
{
    return table->text + table->offsets[number];
}

/* --- synthetic addresses --- */

struct ip name_table_v4(int number)
{
    unsigned n = (unsigned)number;
    return (struct ip){ 4, { 198, 18, (uint8_t)(1 + n / PER_BLOCK), (uint8_t)(1 + n % PER_BLOCK) } };
}

struct ip name_table_v6(int number)
{
    unsigned n = (unsigned)number + 1;
    struct ip ip = { .version = 6 };
    memcpy(ip.byte, v6_prefix, sizeof(v6_prefix));
    ip.byte[14] = (uint8_t)(n >> 8);
    ip.byte[15] = (uint8_t)n;
    return ip;
}

bool name_table_is_synthetic(const struct ip *ip)
{
    if (ip->version == 4)
        return ip->byte[0] == 198 && (ip->byte[1] & 0xfe) == 18;
    return memcmp(ip->byte, v6_prefix, sizeof(v6_prefix)) == 0;
}

int name_table_by_address(const struct name_table *table, const struct ip *ip)
{
    struct ip plain = ip_plain(ip), same;
    int number;
    if (!name_table_is_synthetic(&plain))
        return -ENOENT;
    if (plain.version == 4)
        number = (plain.byte[2] - 1) * PER_BLOCK + plain.byte[3] - 1;
    else
        number = (plain.byte[14] << 8 | plain.byte[15]) - 1;
    if (number < 0 || (size_t)number >= table->n_names)
        return -ENOENT;
    same = plain.version == 4 ? name_table_v4(number) : name_table_v6(number);
    return ip_equal(&same, &plain) ? number : -ENOENT;
}

/* --- true addresses --- */

static uint32_t answer_bucket(const struct name_table *table, const struct ip *ip)
{
    return (uint32_t)hash(table->seed, ip, sizeof(*ip)) & (ANSWER_BUCKETS - 1);
}

int name_table_note(struct name_table *table, int number, const struct ip *ip)
{
    struct ip plain = ip_plain(ip);
    uint32_t bucket = answer_bucket(table, &plain);
    for (uint32_t i = table->answer_heads[bucket]; i; i = table->answers[i - 1].next)
        if (table->answers[i - 1].number == number && ip_equal(&table->answers[i - 1].ip, &plain))
            return 0;
    if (table->n_answers == NAMES_ANSWERS_MAX)
        return -ENOSPC;
    table->answers[table->n_answers] =
        (struct answer){ .ip = plain, .number = (uint16_t)number, .next = table->answer_heads[bucket] };
    table->answer_heads[bucket] = (uint32_t)++table->n_answers;
    return 0;
}

int name_table_answered(const struct name_table *table, const struct ip *ip, size_t *at)
{
    struct ip plain = ip_plain(ip);
    uint32_t i = *at ? table->answers[*at - 1].next : table->answer_heads[answer_bucket(table, &plain)];
    for (; i; i = table->answers[i - 1].next) {
        if (!ip_equal(&table->answers[i - 1].ip, &plain))
            continue;
        *at = i;
        return table->answers[i - 1].number;
    }
    return -ENOENT;
}
