/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 and Ed25519, by libsodium: linked statically where there is a static one, else opened with the first use, which is
 * never before the command runs. */
#ifndef AGENTJAIL_EVIDENCE_CRYPTO_H
#define AGENTJAIL_EVIDENCE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { HASH_SIZE = 32, SIGNATURE_SIZE = 64, KEY_SIZE = 64, KEY_PUBLIC_SIZE = 32 };

/* The library is there: 0, or -errno with a line for people in why. What follows may be called afterwards. */
int crypto_open(struct buf *why);

/* SHA-256 (FIPS 180-4) of a, and of b behind it (either may be empty). */
void sha256(uint8_t ret[static HASH_SIZE], const void *a, size_t a_len, const void *b, size_t b_len);

/* The same of more than two parts: room for its state, which sha256_begin() fills in, and sha256_end() leaves undefined. */
enum { SHA256_STATE_SIZE = 104 };
struct sha256 {
    _Alignas(8) unsigned char state[SHA256_STATE_SIZE];
};

/* Begin a hash, */
void sha256_begin(struct sha256 *s);

/* take in len bytes, */
void sha256_add(struct sha256 *s, const void *data, size_t len);

/* and end it. */
void sha256_end(struct sha256 *s, uint8_t ret[static HASH_SIZE]);

/* A key of 32 random bytes (RFC 8032, 5.1.5): they and, behind them, the public key. */
void ed25519_key(uint8_t ret[static KEY_SIZE], const uint8_t random[static KEY_SIZE - KEY_PUBLIC_SIZE]);

/* The public half of it. */
static inline const uint8_t *ed25519_public(const uint8_t key[static KEY_SIZE])
{
    return &key[KEY_SIZE - KEY_PUBLIC_SIZE];
}

/* Sign with it (RFC 8032, 5.1.6). */
void ed25519_sign(uint8_t ret[static SIGNATURE_SIZE], const void *message, size_t len, const uint8_t key[static KEY_SIZE]);

/* True if that key has signed it (RFC 8032, 5.1.7). */
bool ed25519_check(const uint8_t signature[static SIGNATURE_SIZE], const void *message, size_t len,
                  const uint8_t key[static KEY_PUBLIC_SIZE]);

#endif
