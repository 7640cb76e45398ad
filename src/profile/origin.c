/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/origin.h"

bool origin_is_option(const struct origin *origin)
{
    return origin->file && origin->line == 0;
}

const char *origin_word(const struct origin *origin, const char *key, const char *option)
{
    return origin->file && !origin_is_option(origin) ? key : option;
}

int origin_print(struct buf *why, const struct origin *origin, const char *key)
{
    if (!origin->file)
        return buf_printf(why, "built-in: %s: ", key);
    if (origin->line == ORIGIN_REASON)
        return buf_printf(why, "%s: ", origin->file);
    if (origin_is_option(origin))
        return buf_printf(why, "%s: --%s: ", origin->file, key);
    return buf_printf(why, "%s:%u: %s: ", origin->file, origin->line, key);
}

int origin_advise(struct buf *why, const struct origin *origin, const struct requirement *required, const char *key,
                  const char *value)
{
    bool strict = required->by == REQUIRED_BY_STRICT;
    if (required->by == REQUIRED_BY_CEILING)
        return buf_printf(why, "; %s:%u lets nobody run without it", required->origin.file, required->origin.line);

    int r = buf_str(why, "; or ");
    if (r >= 0 && !required->optional)
        r = buf_printf(why, origin_is_option(origin) ? "write --%s=-%s%s" : "write %s = -%s%s", key, value,
                       strict ? " and " : "");
    if (r >= 0 && strict && origin_is_option(&required->origin))
        r = buf_str(why, "leave out --strict");
    else if (r >= 0 && strict)
        r = buf_printf(why, "write strict = no at %s:%u", required->origin.file, required->origin.line);
    return r < 0 ? r : buf_str(why, " to run without it");
}
