/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sodium_init() is left out: of all that is used here nothing depends on what it finds out about the processor, and that
 * takes 50 us and more in a virtual machine. Random numbers are the kernel's (key.c). */
#include "config.h"

#include "evidence/crypto.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#ifndef SODIUM_STATIC
#include "base/dlopen_note.h"
#include "sys/library.h"

#define LIBRARY "libsodium.so." SODIUM_VERSION_OF_LIBRARY

DLOPEN_NOTE(LIBRARY, "evidence");
#endif

_Static_assert(KEY_SIZE == crypto_sign_ed25519_SECRETKEYBYTES, "libsodium's form is ours");

/* The functions that are used, as sodium.h declares them. */
#define FUNCTIONS(F)                  \
    F(crypto_hash_sha256_init)        \
    F(crypto_hash_sha256_update)      \
    F(crypto_hash_sha256_final)       \
    F(crypto_sign_ed25519_seed_keypair) \
    F(crypto_sign_ed25519_detached)   \
    F(crypto_sign_ed25519_verify_detached)

#define MEMBER(name) __typeof__(name) *name;
#ifdef SODIUM_STATIC
#define VALUE(name) .name = name,
static const struct {
    FUNCTIONS(MEMBER)
} sodium = { FUNCTIONS(VALUE) };

int crypto_open(struct buf *why)
{
    (void)why;
    return 0;
}
#else
static struct {
    FUNCTIONS(MEMBER)
    void *library; /* of the process, once */
} sodium;

int crypto_open(struct buf *why)
{
    if (sodium.library)
        return 0;
    void *library = library_open(LIBRARY, why);
    if (!library)
        return -ENOENT;
    bool all = true;
#define LOAD(name) all = all && (sodium.name = (__typeof__(name) *)(uintptr_t)library_symbol(library, #name));
    FUNCTIONS(LOAD)
    if (!all) {
        (void)buf_str(why, LIBRARY " lacks what is needed of it; install it anew");
        library_close(library);
        return -ELIBBAD;
    }
    sodium.library = library;
    return 0;
}
#endif

void sha256(uint8_t ret[static HASH_SIZE], const void *a, size_t a_len, const void *b, size_t b_len)
{
    crypto_hash_sha256_state state;
    sodium.crypto_hash_sha256_init(&state);
    sodium.crypto_hash_sha256_update(&state, a, a_len);
    sodium.crypto_hash_sha256_update(&state, b, b_len);
    sodium.crypto_hash_sha256_final(&state, ret);
}

_Static_assert(sizeof(crypto_hash_sha256_state) == SHA256_STATE_SIZE, "its own state has room in ours");

static crypto_hash_sha256_state *state_of(struct sha256 *s)
{
    return (crypto_hash_sha256_state *)(void *)s->state;
}

void sha256_begin(struct sha256 *s)
{
    sodium.crypto_hash_sha256_init(state_of(s));
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
    sodium.crypto_hash_sha256_update(state_of(s), data, len);
}

void sha256_end(struct sha256 *s, uint8_t ret[static HASH_SIZE])
{
    sodium.crypto_hash_sha256_final(state_of(s), ret);
}

void ed25519_key(uint8_t ret[static KEY_SIZE], const uint8_t random[static KEY_SIZE - KEY_PUBLIC_SIZE])
{
    uint8_t public[KEY_PUBLIC_SIZE];
    sodium.crypto_sign_ed25519_seed_keypair(public, ret, random);
}

void ed25519_sign(uint8_t ret[static SIGNATURE_SIZE], const void *message, size_t len, const uint8_t key[static KEY_SIZE])
{
    sodium.crypto_sign_ed25519_detached(ret, NULL, message, len, key);
}

bool ed25519_check(const uint8_t signature[static SIGNATURE_SIZE], const void *message, size_t len,
                  const uint8_t key[static KEY_PUBLIC_SIZE])
{
    return sodium.crypto_sign_ed25519_verify_detached(signature, message, len, key) == 0;
}
