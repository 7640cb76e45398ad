/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Merkle tree of RFC 6962, 2.1, over entries of HASH_SIZE bytes, grown an entry at a time. */
#ifndef AGENTJAIL_EVIDENCE_MERKLE_H
#define AGENTJAIL_EVIDENCE_MERKLE_H

#include "evidence/crypto.h"

/* The roots of the whole subtrees that the entries so far make, the largest first: one for each bit of count. */
struct merkle {
    uint64_t count;
    uint8_t peaks[64][HASH_SIZE];
};

/* Add an entry. */
void merkle_add(struct merkle *m, const uint8_t entry[static HASH_SIZE]);

/* The root over all entries so far. */
void merkle_root(const struct merkle *m, uint8_t ret[static HASH_SIZE]);

#endif
