/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds the records of a log together. A record is a line of JSON that ends with its hash:
 *
 *     BODY,"hash":"HEX"}}\n        HEX = SHA-256(hash of the record before || BODY)
 *
 * BODY being the bytes of the line up to there, and 32 zero bytes standing before the first record. A checkpoint is a
 * record too, whose BODY ends with ,"signature":"HEX"; it signs the Merkle root (RFC 6962) over the hashes of the records
 * before it, and itself. */
#ifndef AGENTJAIL_EVIDENCE_CHAIN_H
#define AGENTJAIL_EVIDENCE_CHAIN_H

#include "evidence/merkle.h"

/* Between BODY and HEX, behind HEX, and all together with the newline. */
#define CHAIN_MARK ",\"hash\":\""
#define CHAIN_END "\"}}"
enum { CHAIN_MARK_LEN = sizeof(CHAIN_MARK) - 1, CHAIN_END_LEN = sizeof(CHAIN_END) - 1,
       CHAIN_SUFFIX = CHAIN_MARK_LEN + 2 * HASH_SIZE + CHAIN_END_LEN };

/* Begins zeroed. */
struct chain {
    uint8_t last[HASH_SIZE]; /* hash of the last record */
    struct merkle merkle;    /* of all */
};

/* Take in the record whose BODY stands in line from begin to the end, and append the rest of the line. 0 or -ENOMEM. */
int chain_seal(struct chain *c, struct buf *line, size_t begin);

/* The hash of a record (BODY of len bytes) behind another. */
void chain_hash(uint8_t ret[static HASH_SIZE], const uint8_t before[static HASH_SIZE], const char *body, size_t len);

/* Take in a record by its hash. */
void chain_add(struct chain *c, const uint8_t hash[static HASH_SIZE]);

/* What stands between a checkpoint's own fields and its signature. */
#define CHAIN_SIGNATURE ",\"signature\":\""
enum { CHAIN_STATEMENT_MAX = 256, CHAIN_SIGNATURE_LEN = sizeof(CHAIN_SIGNATURE) - 1 + 2 * SIGNATURE_SIZE + 1 };

/* What a checkpoint signs: the root over the records before it, and the hash (as chain_hash()) of what stands of itself
 * before CHAIN_SIGNATURE. Bytes written to ret. */
size_t chain_statement(char ret[static CHAIN_STATEMENT_MAX], const uint8_t root[static HASH_SIZE],
                       const uint8_t hash[static HASH_SIZE]);

/* Bytes as lower-case hex: 2 * len digits and a NUL to ret. */
void hex_write(char *ret, const uint8_t *bytes, size_t len);

/* The bytes that hex_len digits, as hex_write() has them, stand for. False if they are not just that, for len bytes. */
bool hex_read(uint8_t *ret, size_t len, const char *hex, size_t hex_len);

#endif
