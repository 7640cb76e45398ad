/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/ceiling_words.h"

#include <errno.h>
#include <string.h>

#include "profile/option.h"
#include "profile/types.h"

size_t ceiling_next_word(const char **p, const char **ret_word)
{
    *p += strspn(*p, " ");
    size_t len = strcspn(*p, " ");
    *ret_word = *p;
    *p += len;
    return len;
}

static bool list_has(const char *list, const char *name)
{
    const char *word;
    for (size_t len; (len = ceiling_next_word(&list, &word)) > 0;)
        if (strncmp(word, name, len) == 0 && name[len] == '\0')
            return true;
    return false;
}

const struct setting *ceiling_fixes_profile(const struct merge *m, const char *name)
{
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *c = &m->ceilings.v[i];
        if (c->option == &options[OPTION_FIXED_PROFILES] && list_has(c->value, name))
            return c;
    }
    return NULL;
}

const char *ceiling_instead(const struct merge *m, const struct option *o)
{
    const char *text = m->instead[o - options];
    return text ? text : "this command line has no option for it: write a profile, and agentjail COMMAND";
}

int ceiling_widened(const struct merge *m, const struct setting *c, struct origin origin, const struct option *o,
                    const char *value, const char *fix)
{
    int r;
    if (m->instead)
        fix = ceiling_instead(m, c->option);
    if (origin.line == ORIGIN_REASON)
        r = buf_printf(m->why, "%s: ", origin.file);
    else if (origin.line)
        r = buf_printf(m->why, "%s:%u: %s: ", origin.file, origin.line, o->key);
    else
        r = buf_printf(m->why, "--%s=%s: ", o->name, value);
    if (r >= 0)
        r = buf_printf(m->why, "%s goes beyond the ceiling in %s:%u (%s = %s); %s", value, c->origin.file,
                       c->origin.line, c->option->key, c->value, fix);
    return r < 0 ? r : -EPERM;
}

const struct origin *ceiling_says_strict(const struct merge *m)
{
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *c = &m->ceilings.v[i];
        if (c->option == &options[OPTION_STRICT] && c->value && strcmp(c->value, "yes") == 0)
            return &c->origin;
    }
    return NULL;
}

int ceiling_bwrap_word(const struct merge *m, const struct setting *s, enum bwrap_ceiling *ret_word)
{
    static const char *const words[] = { [BWRAP_FREE] = "allow", [BWRAP_BOUNDED] = "bounded", [BWRAP_DENIED] = "deny" };
    const char *value = s->value ? s->value : "";
    for (size_t i = 0; i < ELEMENTSOF(words); i++) {
        if (strcmp(value, words[i]) != 0)
            continue;
        *ret_word = (enum bwrap_ceiling)i;
        return 0;
    }
    return setting_fail(s, m->why, "\"%s\" is none of its values; write allow, bounded or deny", value);
}
