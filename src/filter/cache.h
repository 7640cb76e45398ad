/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled filters below the user's cache directory. An entry holds the whole text that it was compiled from, and is
 * taken only if that is equal byte for byte to the text read now, by the same program, with the same libseccomp; so a
 * collision of hashes does no harm. Entries, and the directory, must be the user's own and closed to others. */
#ifndef AGENTJAIL_FILTER_CACHE_H
#define AGENTJAIL_FILTER_CACHE_H

#include <stdint.h>
#include <sys/stat.h>

#include "filter/names.h"
#include "filter/program.h"
#include "filter/source.h"

/* What tells a replaced file from the one before. */
struct file_identity {
    uint64_t device, inode, size, mtime_s, mtime_ns;
};

#define PROGRAM_ID_SIZE 40

/* A place in the cache: opened once for the look-up, used again for the store. */
struct cache {
    int directory; /* -1: no cache */
    char name[17]; /* of the entry */
    unsigned char program[PROGRAM_ID_SIZE]; /* who compiles: our own build id */
    const char *note; /* why it cannot be used, NULL if all is well */
};

/* Open the directory (made by cache_store() when it is missing) and find the entry's name for a text. Never fails:
 * without a usable directory, cache->directory is -1 and note may say why. */
void cache_open(struct cache *cache, const char *cache_dir, const struct source_set *sources);

/* Take the program from the cache. 0, or -ENOENT when it is not there or not to be trusted. */
int cache_load(struct cache *cache, const struct source_set *sources, struct filter_program *ret_program);

/* Keep a program; makes the directory if need be. What fails stands in cache->note. */
void cache_store(struct cache *cache, const char *cache_dir, const struct source_set *sources,
                 const struct names *names, const struct filter_program *program);

/* Close the directory. */
void cache_close(struct cache *cache);

#define _cleanup_cache_ _cleanup_(cache_close)

#endif
