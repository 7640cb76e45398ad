/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/setting.h"

#include <stdarg.h>
#include <string.h>

int settings_add(struct settings *list, const struct setting *s)
{
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 128;
        struct setting *v = reallocarray(list->v, size, sizeof(*v));
        if (!v)
            return -ENOMEM;
        list->v = v;
        list->size = size;
    }
    list->v[list->n++] = *s;
    return 0;
}

void settings_free(struct settings *list)
{
    free(list->v);
    *list = (struct settings){ 0 };
}

bool setting_empties(const struct setting *s)
{
    /* In [env] "NAME =" sets the variable to nothing; only "--env=" empties. */
    if (s->option->section && !s->option->key)
        return s->name[0] == '\0';
    return s->value && s->value[0] == '\0';
}

int setting_place(const struct setting *s, struct buf *out)
{
    if (s->origin.line == ORIGIN_REASON)
        return buf_str(out, s->origin.file);
    if (s->layer != LAYER_COMMAND_LINE)
        return buf_printf(out, "%s:%u", s->origin.file, s->origin.line);
    if (s->option->section && !s->option->key)
        return buf_printf(out, "--%s=%s", s->option->name, s->name);
    if (!s->value)
        return buf_printf(out, "--%s", s->option->name);
    return buf_printf(out, "--%s=%s", s->option->name, s->value);
}

int setting_fail(const struct setting *s, struct buf *why, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        text = NULL;
        return -ENOMEM;
    }
    int r = setting_place(s, why);
    if (r >= 0 && s->layer != LAYER_COMMAND_LINE)
        r = buf_printf(why, ": %s", s->name);
    if (r >= 0)
        r = buf_printf(why, ": %s", text);
    return r < 0 ? r : -EINVAL;
}
