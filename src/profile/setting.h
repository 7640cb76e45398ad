/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thing that somebody wrote: a key with its value, and where. */
#ifndef AGENTJAIL_PROFILE_SETTING_H
#define AGENTJAIL_PROFILE_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "profile/option.h"

/* Who wrote it. */
enum layer {
    LAYER_PACKAGED,
    LAYER_ADMINISTRATOR,
    LAYER_CEILING,
    LAYER_USER, /* the user's directory, or a profile named by path */
    LAYER_COMMAND_LINE,
};

struct setting {
    const struct option *option;
    const char *name;  /* the key; in [env] the variable */
    const char *value; /* NULL: none written ("--strict", a bare [env] name) */
    struct origin origin;
    enum layer layer;
};

struct settings {
    struct setting *v;
    size_t n, size;
};

/* Append a copy of s; its strings stay where they are. 0 or -ENOMEM. */
int settings_add(struct settings *list, const struct setting *s);

/* Release the list, not the strings. */
void settings_free(struct settings *list);

/* True for "key =" or "--option=", which empties a list or takes a value back. */
bool setting_empties(const struct setting *s);

/* "file:line" or "--option=value", into out. 0 or -ENOMEM. */
int setting_place(const struct setting *s, struct buf *out);

/* Put "file:line: key: " (or "--option=value: ") and the text into why. Returns -EINVAL. */
int setting_fail(const struct setting *s, struct buf *why, const char *format, ...) _printf_(3, 4);

#endif
