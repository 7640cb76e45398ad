/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All mistakes of a file at once. The reader stops at the first, as a run must: so the line that it stopped at is blanked,
 * and it reads again, until nothing is found. Then every value is set as a run would set it, each by itself. */
#include <fcntl.h>
#include <string.h>

#include "profile/ceiling.h"
#include "profile/ceiling_words.h"
#include "profile/file.h"
#include "profile/match.h"
#include "profile/path.h"
#include "profile/reading.h"

enum { MISTAKES_MAX = 200 };

static int add(struct mistakes *list, unsigned line, struct buf *why)
{
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 16;
        struct mistake *v = reallocarray(list->v, size, sizeof(*v));
        if (!v)
            return -ENOMEM;
        list->v = v;
        list->size = size;
    }
    char *text = buf_take(why);
    if (!text)
        return -ENOMEM;
    list->v[list->n++] = (struct mistake){ line, text };
    return 0;
}

/* Where a line begins, counted from 1. */
static char *find_line(char *text, unsigned line)
{
    for (; line > 1; line--) {
        char *newline = strchr(text, '\n');
        if (!newline)
            return text + strlen(text);
        text = newline + 1;
    }
    return text;
}

static char *blank_line(char *line)
{
    for (; *line && *line != '\n'; line++)
        *line = ' ';
    return *line ? line + 1 : line;
}

/* Take a line out: the rest keeps its numbers. With a section's head goes all that would be read as another section's. */
static void blank(char *text, unsigned line)
{
    char *at = find_line(text, line);
    bool head = *at == '[';
    at = blank_line(at);
    while (head && *at && *at != '[')
        at = blank_line(at);
}

/* Over and over, a mistake less each time. */
static int read_all(struct reading *r, const char *file, enum file_kind kind, char *text, size_t len, bool once,
                    struct mistakes *list)
{
    struct merge *m = &r->m;
    while (list->n < MISTAKES_MAX) {
        unsigned line = 0;
        m->settings.n = 0;
        m->n_sources = 0;
        if (kind == FILE_CEILING)
            m->ceilings.n = 0;
        int error = load_text(&r->load, file, kind, text, len, &line);
        if (error >= 0 || error == -ENOMEM)
            return error;
        error = add(list, line, m->why);
        if (error < 0)
            return error;
        if (line == 0 || once)
            return 0; /* the file as a whole */
        blank(text, line);
    }
    return 0;
}

static int check_match(struct merge *m, const struct setting *s)
{
    const char *p = s->value;
    for (size_t len; (len = match_word(&p)) > 0; p += len)
        if (memchr(p, '/', len))
            return setting_fail(s, m->why, "names of commands without directory; write for instance claude");
    return 0;
}

static int check_require(struct merge *m, const struct setting *s)
{
    size_t len = strcspn(s->value, "=");
    const struct option *o = option_by_name(s->value, len);
    if (o && o->section)
        return 0;
    return setting_fail(s, m->why, "\"%.*s\" is no option that a profile can set; write its long name, without dashes",
                        (int)len, s->value);
}

static int check_bwrap(struct merge *m, const struct setting *s)
{
    enum bwrap_ceiling word;
    return ceiling_bwrap_word(m, s, &word);
}

/* Values of ceilings are looked at when they are held against a policy: here an empty one, which asks for nothing. */
static int check_ceilings(struct merge *m, const char *file, struct mistakes *list)
{
    struct settings all = m->ceilings;
    int error = 0;
    for (size_t i = 0; i < all.n && error >= 0 && list->n < MISTAKES_MAX; i++) {
        struct setting *s = &all.v[i];
        m->ceilings = (struct settings){ .v = s, .n = 1 };
        error = s->option == &options[OPTION_REQUIRE] ? check_require(m, s)
                : s->option == &options[OPTION_BWRAP] ? check_bwrap(m, s)
                                                      : ceiling_apply(m);
        if (error < 0 && error != -ENOMEM)
            error = add(list, strcmp(s->origin.file, file) == 0 ? s->origin.line : 0, m->why);
    }
    m->ceilings = all;
    return error;
}

static int check_values(struct reading *r, const char *file, enum file_kind kind, struct mistakes *list)
{
    struct merge *m = &r->m;
    int error = merge_defaults(m);
    m->policy->name = arena_strdup(m->arena, "check");
    m->policy->workspace = arena_strdup(m->arena, "/workspace"); /* what is relative to one is only looked at as text */
    if (error < 0 || !m->policy->workspace || !m->policy->name)
        return -ENOMEM;
    for (int paths = 0; paths < 2; paths++) {
        for (size_t i = 0; i < m->settings.n && list->n < MISTAKES_MAX; i++) {
            const struct setting *s = &m->settings.v[i];
            if (!!(s->option->flags & OPTION_PATHS) != paths)
                continue;
            error = s->option == &options[OPTION_MATCH] ? check_match(m, s) : s->option->type->set(m, s);
            if (error == -ENOMEM)
                return error;
            if (error >= 0)
                continue;
            error = add(list, strcmp(s->origin.file, file) == 0 ? s->origin.line : 0, m->why);
            if (error < 0)
                return error;
        }
    }
    return kind == FILE_CEILING ? check_ceilings(m, file, list) : 0;
}

static int by_line(const void *a, const void *b)
{
    const struct mistake *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

int reading_check(struct reading *r, const char *file, enum file_kind kind, const char *text, size_t len,
                  struct mistakes *ret)
{
    struct mistakes list = { 0 };
    struct buf *why = r->m.why, mistake = { 0 };
    char *copy = malloc(len + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, text, len);
    copy[len] = '\0';
    r->m.why = &mistake;
    bool binary = memchr(copy, '\0', len); /* the reader says so, once: lines cannot be told apart */
    int error = read_all(r, file, kind, copy, len, binary, &list);
    if (error >= 0)
        error = check_values(r, file, kind, &list);
    r->m.why = why;
    buf_free(&mistake);
    free(copy);
    if (error < 0) {
        mistakes_free(&list);
        return error;
    }
    if (list.n)
        qsort(list.v, list.n, sizeof(*list.v), by_line);
    *ret = list;
    return 0;
}

int reading_check_file(struct reading *r, const char *path, enum file_kind kind, struct mistakes *ret)
{
    struct merge *m = &r->m;
    struct buf *why = m->why, mistake = { 0 };
    _cleanup_buf_ struct buf text = { 0 };
    char *file;
    int error = path_from(m->arena, m->cwd, path, &file);
    if (error == -ENOMEM)
        return error;
    const char *name = error < 0 ? path : file;
    m->why = &mistake;
    error = config_file_read(m, AT_FDCWD, name, name, false, &text, NULL);
    m->why = why;
    if (error == -ENOENT)
        (void)buf_printf(&mistake, "%s: there is no such file", name);
    if (error < 0) {
        struct mistakes list = { 0 };
        error = error == -ENOMEM ? error : add(&list, 0, &mistake);
        buf_free(&mistake);
        if (error >= 0)
            *ret = list;
        return error;
    }
    return reading_check(r, name, kind, text.data ? text.data : "", text.len, ret);
}

void mistakes_free(struct mistakes *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->v[i].text);
    free(list->v);
    *list = (struct mistakes){ 0 };
}
