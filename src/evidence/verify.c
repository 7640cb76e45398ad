/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file is read in blocks. The hashes of a block's records are computed by several threads: each needs no more of the
 * record before than the hash that stands there, and if that one is wrong its own record says so. What depends on all that
 * came before, tree and checkpoints, is one thread's. */
#include "evidence/verify.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "evidence/chain.h"
#include "evidence/json_read.h"

enum { BLOCK = 8 << 20, LINE_MAX_BYTES = 1 << 20, THREADS_MAX = 8, RECORDS_PER_BLOCK = BLOCK / CHAIN_SUFFIX + 1 };
#define RECORDS_MAX (UINT64_MAX / 4) /* nobody writes as many */

/* One record, of line and newline. */
struct record {
    const char *line;
    size_t len; /* without the newline */
    uint8_t hash[HASH_SIZE];
    bool good;
};

struct block {
    struct buf data;
    size_t used; /* bytes that are whole lines */
    struct record *records;
    size_t n;
    uint8_t before[HASH_SIZE]; /* hash of the record before the first */
};

struct share {
    struct block *block;
    size_t from, to;
};

static bool stored_hash(const char *line, size_t len, uint8_t ret[static HASH_SIZE])
{
    const char *mark = line + len - CHAIN_SUFFIX;
    return len > CHAIN_SUFFIX && memcmp(mark, CHAIN_MARK, CHAIN_MARK_LEN) == 0 &&
           memcmp(line + len - CHAIN_END_LEN, CHAIN_END, CHAIN_END_LEN) == 0 &&
           hex_read(ret, HASH_SIZE, mark + CHAIN_MARK_LEN, 2 * (size_t)HASH_SIZE);
}

static void check_one(struct block *b, size_t i)
{
    uint8_t before[HASH_SIZE], stored[HASH_SIZE];
    struct record *r = &b->records[i];
    const uint8_t *last = i ? before : b->before;
    r->good = (i == 0 || stored_hash(r[-1].line, r[-1].len, before)) && stored_hash(r->line, r->len, stored);
    if (!r->good)
        return;
    chain_hash(r->hash, last, r->line, r->len - CHAIN_SUFFIX);
    r->good = memcmp(r->hash, stored, HASH_SIZE) == 0;
}

static void *check_share(void *arg)
{
    const struct share *s = arg;
    for (size_t i = s->from; i < s->to; i++)
        check_one(s->block, i);
    return NULL;
}

static void check_block(struct block *b)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = processors < 1 || b->n < 1000 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (size_t)processors;
    pthread_t ids[THREADS_MAX];
    struct share shares[THREADS_MAX];
    bool started[THREADS_MAX] = { false };
    for (size_t i = 0; i < threads; i++) {
        shares[i] = (struct share){ b, b->n * i / threads, b->n * (i + 1) / threads };
        started[i] = i && pthread_create(&ids[i], NULL, check_share, &shares[i]) == 0;
    }
    for (size_t i = 0; i < threads; i++)
        if (!started[i])
            check_share(&shares[i]);
    for (size_t i = 0; i < threads; i++)
        if (started[i])
            pthread_join(ids[i], NULL);
}

/* --- what goes over all of the log --- */

struct state {
    struct verify *v;
    const uint8_t *key;
    struct chain chain;
    struct json_line *json;
    bool ended; /* the last checkpoint was there */
};

static bool fail(struct state *s, enum verify_result result, const char *why)
{
    struct verify *v = s->v;
    v->result = result;
    v->at = v->records + (result == VERIFY_ALTERED);
    v->from = v->at;
    v->why = why;
    return false;
}

static bool is_checkpoint(const struct record *r)
{
    const size_t behind = CHAIN_SIGNATURE_LEN + CHAIN_SUFFIX;
    return r->len > behind && memcmp(r->line + r->len - behind, CHAIN_SIGNATURE, sizeof(CHAIN_SIGNATURE) - 1) == 0;
}

/* Keeps the jail's id and the key of the first. */
static bool note_origin(struct state *s)
{
    const struct json_value *id = json_find(s->json, "metadata.correlation_uid");
    const struct json_value *key = json_find(s->json, "unmapped.checkpoint.key");
    struct verify *v = s->v;
    uint8_t found[KEY_PUBLIC_SIZE];
    if (!id || id->len >= sizeof(v->id) || !key || !hex_read(found, sizeof(found), key->text, key->len))
        return false;
    if (v->has_key)
        return memcmp(found, v->key, sizeof(found)) == 0 && strlen(v->id) == id->len && memcmp(v->id, id->text, id->len) == 0;
    memcpy(v->key, found, sizeof(found));
    memcpy(v->id, id->text, id->len);
    v->has_key = true;
    return true;
}

static bool signature_holds(struct state *s, const struct record *r, const uint8_t root[static HASH_SIZE])
{
    size_t body = r->len - CHAIN_SUFFIX - CHAIN_SIGNATURE_LEN;
    uint8_t hash[HASH_SIZE], signature[SIGNATURE_SIZE];
    char statement[CHAIN_STATEMENT_MAX];
    if (!hex_read(signature, sizeof(signature), r->line + body + sizeof(CHAIN_SIGNATURE) - 1, 2 * (size_t)SIGNATURE_SIZE))
        return false;
    chain_hash(hash, s->chain.last, r->line, body);
    return ed25519_check(signature, statement, chain_statement(statement, root, hash), s->key);
}

static bool check_checkpoint(struct state *s, const struct record *r)
{
    uint8_t root[HASH_SIZE], said[HASH_SIZE];
    uint64_t count = 0;
    if (json_read(s->json, r->line, r->len) < 0 || !note_origin(s))
        return fail(s, VERIFY_ALTERED, "a checkpoint is none");
    const struct json_value *hex = json_find(s->json, "unmapped.checkpoint.root");
    const struct json_value *final = json_find(s->json, "unmapped.checkpoint.final");
    merkle_root(&s->chain.merkle, root);
    bool same = hex && hex_read(said, sizeof(said), hex->text, hex->len) && memcmp(said, root, sizeof(root)) == 0 &&
                json_number(json_find(s->json, "unmapped.checkpoint.count"), &count) && count == s->chain.merkle.count;
    if (memcmp(s->v->key, s->key, KEY_PUBLIC_SIZE) != 0)
        return fail(s, VERIFY_ALTERED, "it is signed by another key");
    if (!same || !signature_holds(s, r, root)) {
        fail(s, VERIFY_ALTERED, "a signature does not hold");
        s->v->from = s->v->signed_records + 1;
        return false;
    }
    s->v->signed_records = s->v->records + 1;
    s->ended = final && final->len == 4 && memcmp(final->text, "true", 4) == 0;
    return true;
}

static bool check_records(struct state *s, struct block *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct record *r = &b->records[i];
        if (!r->good)
            return fail(s, VERIFY_ALTERED, "its hash does not follow from the one before");
        if (s->ended)
            return fail(s, VERIFY_ALTERED, "there is more behind the last checkpoint");
        if (is_checkpoint(r) && !check_checkpoint(s, r))
            return false;
        chain_add(&s->chain, r->hash);
        s->v->records++;
    }
    return true;
}

/* --- blocks --- */

/* Fill up the block; the rest of a line that the last one had stands in front. 0 at the end, 1, or -errno. */
static int read_block(struct log_stream *log, struct block *b)
{
    size_t rest = b->data.len - b->used;
    if (rest)
        memmove(b->data.data, b->data.data + b->used, rest);
    b->data.len = rest;
    b->used = b->n = 0;
    while (b->data.len < BLOCK) {
        ssize_t n = log_stream_read(log, b->data.data + b->data.len, BLOCK - b->data.len);
        if (n <= 0)
            return (int)n;
        b->data.len += (size_t)n;
    }
    return 1;
}

static void split_block(struct block *b)
{
    const char *end = b->data.data + b->data.len, *newline;
    const char *p = b->data.data;
    for (; b->n < RECORDS_PER_BLOCK && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
        b->records[b->n++] = (struct record){ .line = p, .len = (size_t)(newline - p) };
        b->used = (size_t)(newline + 1 - b->data.data);
    }
}

/* A part that is not the first begins with a checkpoint that says what was before; it is checked as any other, and with it
 * what is taken from it here. */
static void begin_behind(struct state *s, const struct record *r)
{
    const struct json_value *hex, *peaks;
    struct chain chain = { 0 };
    uint64_t count = 0;
    if (!is_checkpoint(r) || json_read(s->json, r->line, r->len) < 0 ||
        !json_number(json_find(s->json, "unmapped.checkpoint.count"), &count) || count == 0 || count > RECORDS_MAX)
        return;
    hex = json_find(s->json, "unmapped.checkpoint.previous");
    peaks = json_find(s->json, "unmapped.checkpoint.peaks");
    if (!hex || !hex_read(chain.last, HASH_SIZE, hex->text, hex->len) || !peaks || peaks->kind != JSON_ARRAY)
        return;
    for (int i = 0; i < __builtin_popcountll(count); i++)
        if (!(hex = json_element(s->json, peaks, (size_t)i)) ||
            !hex_read(chain.merkle.peaks[i], HASH_SIZE, hex->text, hex->len))
            return;
    chain.merkle.count = count;
    s->chain = chain;
    s->v->records = s->v->missing = count;
}

static int verify_blocks(struct log_stream *log, struct state *s, struct block *b)
{
    int r;
    bool first = true;
    do {
        r = read_block(log, b);
        if (r < 0)
            return r;
        split_block(b);
        if (first && b->n)
            begin_behind(s, &b->records[0]);
        first = false;
        memcpy(b->before, s->chain.last, HASH_SIZE);
        check_block(b);
        if (!check_records(s, b))
            return 0;
        if (b->data.len - b->used > LINE_MAX_BYTES) {
            fail(s, VERIFY_ALTERED, b->n < RECORDS_PER_BLOCK ? "it is longer than any" : "it is shorter than any");
            return 0;
        }
    } while (r > 0);
    if (b->data.len > b->used)
        fail(s, VERIFY_CUT, "a part of a record is missing");
    else if (!s->ended)
        fail(s, VERIFY_CUT, "the last checkpoint is missing");
    else if (s->v->missing) {
        fail(s, VERIFY_CUT, "they were in parts that are gone");
        s->v->from = s->v->at = 0;
    }
    return 0;
}

int verify_log(struct log_stream *log, const uint8_t key[static KEY_PUBLIC_SIZE], struct verify *ret)
{
    _cleanup_free_ struct record *records = calloc(RECORDS_PER_BLOCK, sizeof(*records));
    _cleanup_free_ struct json_line *json = calloc(1, sizeof(*json));
    struct block b = { .records = records, .data = { .data = malloc(BLOCK), .size = BLOCK } };
    struct state s = { .v = ret, .key = key, .json = json };
    *ret = (struct verify){ .result = VERIFY_WHOLE };
    int r = records && json && b.data.data ? verify_blocks(log, &s, &b) : -ENOMEM;
    buf_free(&b.data);
    return r;
}
