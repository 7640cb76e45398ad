/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "learn/needs.h"

#include <stdlib.h>
#include <string.h>

/* A power of two above twice as many as there can be: places are never scarce. */
enum { PLACES = 65536 };

static uint32_t hash_of(const char *path)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 16777619U;
    return hash;
}

static struct need *place_for(struct needs *s, const char *path, size_t len)
{
    if (s->n == NEEDS_MAX || s->bytes + len + 1 > NEEDS_BYTES_MAX)
        return NULL;
    if (s->n == s->size) {
        size_t size = s->size ? s->size * 2 : 256;
        struct need *v = reallocarray(s->v, size, sizeof(*v));
        if (!v)
            return NULL;
        s->v = v;
        s->size = size;
    }
    char *copy = strdup(path);
    if (!copy)
        return NULL;
    s->bytes += len + 1;
    s->v[s->n] = (struct need){ .path = copy };
    return &s->v[s->n++];
}

void needs_add(struct needs *s, const char *path, unsigned how)
{
    uint32_t hash = hash_of(path);
    if (!s->index)
        s->index = calloc(PLACES, sizeof(*s->index));
    if (!s->index) {
        s->more++;
        return;
    }
    uint32_t at = hash % PLACES;
    for (; s->index[at]; at = (at + 1) % PLACES) {
        struct need *one = &s->v[s->index[at] - 1];
        if (one->hash != hash || strcmp(one->path, path) != 0)
            continue;
        one->how |= how;
        return;
    }
    struct need *one = place_for(s, path, strlen(path));
    if (!one) {
        s->more++;
        return;
    }
    one->hash = hash;
    one->how = how;
    s->index[at] = (uint32_t)s->n;
}

void needs_free(struct needs *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].path);
    free(s->v);
    free(s->index);
    *s = (struct needs){ 0 };
}
