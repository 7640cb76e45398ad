/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/option.h"

#include <string.h>

#include "profile/types.h"

#define AT(field) { offsetof(struct policy, field), offsetof(struct policy, field##_origin) }
#define IN(field) { offsetof(struct policy, field), 0 }
#define KIND(value) { value, 0 }

const struct option options[N_OPTIONS] = {
#define SECTION(name, title)
#define OPTION(id, section, key, name, letter, argument, type, place, flags, ceiling, help) \
    [OPTION_##id] = { section, key, name, letter, argument, &type, place, flags, ceiling, help },
#include "profile/options.def"
#undef OPTION
#undef SECTION
};

#define JOIN(a, b) JOIN2(a, b)
#define JOIN2(a, b) a##b

/* One number a row and a section: a section's first row is its own number less the sections before it. */
enum {
#define SECTION(name, title) JOIN(SECTION_AT_, __LINE__),
#define OPTION(id, ...) ROW_##id,
#include "profile/options.def"
#undef OPTION
#undef SECTION
};

enum {
#define SECTION(name, title) JOIN(SECTION_NUMBER_, __LINE__),
#define OPTION(id, ...)
#include "profile/options.def"
#undef OPTION
#undef SECTION
};

const struct option_section option_sections[] = {
#define FIRST_ROW ((size_t)JOIN(SECTION_AT_, __LINE__) - (size_t)JOIN(SECTION_NUMBER_, __LINE__))
#define SECTION(name, title) { name, title, FIRST_ROW },
#define OPTION(...)
#include "profile/options.def"
#undef OPTION
#undef SECTION
    { NULL, NULL, N_OPTIONS },
};

const struct option *option_by_key(const char *section, const char *key)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        if (!o->section || (o->key && o->key[0] != key[0]))
            continue; /* quick: this runs for every line of every file */
        if ((!o->key || strcmp(o->key, key) == 0) && strcmp(o->section, section) == 0)
            return o;
    }
    return NULL;
}

const struct option *option_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const char *n = options[i].name;
        if (n && strncmp(n, name, len) == 0 && n[len] == '\0')
            return &options[i];
    }
    return NULL;
}

const struct option *option_by_letter(char letter)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (letter && options[i].letter == letter)
            return &options[i];
    return NULL;
}

unsigned option_arguments(const struct option *option)
{
    if (option->flags & (OPTION_NO_ARGUMENT | OPTION_BARE))
        return 0;
    return option->flags & OPTION_THREE ? 3 : option->flags & OPTION_TWO ? 2 : 1;
}

bool option_section_known(const char *section)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].section && strcmp(options[i].section, section) == 0)
            return true;
    return false;
}

const struct word *word_by_name(const struct word *words, const char *name)
{
    for (; words->name; words++)
        if (strcmp(words->name, name) == 0)
            return words;
    return NULL;
}

const struct word *word_by_value(const struct word *words, int value)
{
    for (; words->name; words++)
        if (words->value == value)
            return words;
    return NULL;
}

int words_list(const struct word *words, struct buf *out)
{
    for (const struct word *w = words; w->name; w++) {
        int r = buf_printf(out, "%s%s", w == words ? "" : w[1].name ? ", " : " or ", w->name);
        if (r < 0)
            return r;
    }
    return 0;
}
