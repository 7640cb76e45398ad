/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"

#include <string.h>

void strv_free(struct strv *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i]);
    free(s->v);
    *s = (struct strv){ 0 };
}

int strv_take(struct strv *s, char *string)
{
    if (!string)
        return -ENOMEM;
    if (s->n + 2 > s->size) {
        size_t size = s->size ? s->size * 2 : 8;
        char **v = reallocarray(s->v, size, sizeof(*v));
        if (!v) {
            free(string);
            return -ENOMEM;
        }
        s->v = v;
        s->size = size;
    }
    s->v[s->n++] = string;
    s->v[s->n] = NULL;
    return 0;
}

int strv_add(struct strv *s, const char *string)
{
    return strv_take(s, strdup(string));
}

bool strv_has(const struct strv *s, const char *string)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i], string) == 0)
            return true;
    return false;
}
