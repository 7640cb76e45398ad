/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names that the payload was answered, and the addresses it was given for them, for the jail's life. All memory is taken
 * at once and has a fixed size: at the end of it new names are refused, nothing is forgotten and nothing grows.
 *
 * Synthetic addresses are 198.18.1.1 and up (of 198.18.0.0/15, for benchmarks: RFC 2544; no network routes it, kernels,
 * resolvers and agents' HTTP libraries take it for an ordinary address, and other programs that hand out such addresses
 * use it, too; 240.0.0.0/4 is refused by some) and their like in a unique local prefix (RFC 4193). Programs that sort by
 * RFC 6724 try the IPv4 one first. */
#ifndef AGENTJAIL_GATEWAY_NAMES_H
#define AGENTJAIL_GATEWAY_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

enum {
    NAMES_MAX = 16384,         /* names of one jail */
    NAMES_BYTES = 640 * 1024,  /* all of them together */
    NAMES_ANSWERS_MAX = 32768, /* pairs of a name and a true address */
};

struct name_table;

/* An empty table. seed: 16 random bytes, so that nobody can choose names that fall together. NULL without memory. */
struct name_table *name_table_new(const uint8_t seed[16]);

/* Release it, with all names in it; NULL may be given. */
void name_table_free(struct name_table *table);

/* The number of a canonical name, which is entered if it is new. 0 and up, or -ENOSPC. */
int name_table_add(struct name_table *table, const char *name);

/* Its number, or -ENOENT. */
int name_table_find(const struct name_table *table, const char *name);

/* How many there are: numbers are below that. */
size_t name_table_count(const struct name_table *table);

/* The name of that number; it stays where it is as long as the table. */
const char *name_table_name(const struct name_table *table, int number);

/* The synthetic IPv4 address of that name, below 198.18.0.0/15 (RFC 2544). */
struct ip name_table_v4(int number);

/* Its synthetic IPv6 address, in a prefix of our own below fd00::/8 (RFC 4193). */
struct ip name_table_v6(int number);

/* Does the address lie where synthetic ones are? */
bool name_table_is_synthetic(const struct ip *ip);

/* The number of the name that a synthetic address was given to, or -ENOENT. */
int name_table_by_address(const struct name_table *table, const struct ip *ip);

/* Note that a name was answered with a true address (dns = real). 0 (also if it is known) or -ENOSPC. */
int name_table_note(struct name_table *table, int number, const struct ip *ip);

/* The next name that was answered with this address, after the place in *at (0 at the beginning). -ENOENT: no more. */
int name_table_answered(const struct name_table *table, const struct ip *ip, size_t *at);

#endif
