/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A NULL-terminated, growable list of strings that it owns: the shape execve(2) wants. */
#ifndef AGENTJAIL_BASE_STRV_H
#define AGENTJAIL_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct strv {
    char **v; /* NULL while empty, else NULL-terminated */
    size_t n;
    size_t size;
};

/* Release the list and its strings; leaves it empty. */
void strv_free(struct strv *s);

/* Append a copy; 0 or -ENOMEM. */
int strv_add(struct strv *s, const char *string);

/* Append a malloc'ed string and own it, also on failure; 0 or -ENOMEM. */
int strv_take(struct strv *s, char *string);

/* True if one of the strings equals string. */
bool strv_has(const struct strv *s, const char *string);

#define _cleanup_strv_ _cleanup_(strv_free)

#endif
