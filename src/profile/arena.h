/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of one policy: many small strings that live and die together. */
#ifndef AGENTJAIL_PROFILE_ARENA_H
#define AGENTJAIL_PROFILE_ARENA_H

#include <stddef.h>

#include "base/cleanup.h"

struct arena;

/* A new, empty arena; NULL without memory. */
struct arena *arena_new(void);

/* Release everything that came from the arena, and the arena. NULL is fine. */
void arena_free(struct arena *arena);

/* size bytes, zeroed, aligned for any object; NULL without memory. Released with the arena. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy as strdup(3) makes; NULL without memory. */
char *arena_strdup(struct arena *arena, const char *s);

/* The first len bytes of s, which has as many, and a NUL; NULL without memory. */
char *arena_strndup(struct arena *arena, const char *s, size_t len);

/* a, b and c one after the other (NULL counts as empty); NULL without memory. */
char *arena_concat(struct arena *arena, const char *a, const char *b, const char *c);

#endif
