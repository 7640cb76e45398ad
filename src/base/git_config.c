/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/git_config.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

struct reader {
    const char *text;
    size_t len, at;
    struct git_config *out;
    struct buf section, subsection;
    bool has_subsection, in_section;
};

static void free_entry(struct git_entry *e)
{
    free(e->section);
    free(e->subsection);
    free(e->key);
    free(e->value);
}

void git_config_free(struct git_config *config)
{
    for (size_t i = 0; i < config->n; i++)
        free_entry(&config->v[i]);
    free(config->v);
    *config = (struct git_config){ 0 };
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool git_entry_same(const struct git_entry *a, const struct git_entry *b)
{
    return same_text(a->section, b->section) && same_text(a->subsection, b->subsection) && same_text(a->key, b->key);
}

/* --- reading --- */

/* The next byte, a CR before a newline left out; -1 at the end. */
static int next(struct reader *r)
{
    if (r->at >= r->len)
        return -1;
    if (r->text[r->at] == '\r' && r->at + 1 < r->len && r->text[r->at + 1] == '\n')
        r->at++;
    return (unsigned char)r->text[r->at++];
}

static int add(struct reader *r, char *key, char *value, size_t begin, size_t end)
{
    struct git_config *c = r->out;
    if (c->n >= GIT_CONFIG_ENTRIES)
        return -E2BIG;
    if (c->n == c->size) {
        size_t size = c->size ? c->size * 2 : 32;
        struct git_entry *v = reallocarray(c->v, size, sizeof(*v));
        if (!v)
            return -ENOMEM;
        c->v = v;
        c->size = size;
    }
    struct git_entry e = { .section = strdup(r->section.data ? r->section.data : ""), .begin = begin, .end = end };
    if (r->has_subsection)
        e.subsection = strdup(r->subsection.data ? r->subsection.data : "");
    if (!e.section || (r->has_subsection && !e.subsection)) {
        free_entry(&e);
        return -ENOMEM;
    }
    e.key = key;
    e.value = value;
    c->v[c->n++] = e;
    return 0;
}

/* Behind "[section ": "sub\"section"] */
static int read_subsection(struct reader *r)
{
    int c;
    do
        c = next(r);
    while (c == ' ' || c == '\t');
    if (c != '"')
        return -EINVAL;
    r->has_subsection = true;
    while ((c = next(r)) != '"') {
        if (c == '\\')
            c = next(r);
        if (c < 0 || c == '\n')
            return -EINVAL;
        int e = buf_char(&r->subsection, (char)c);
        if (e < 0)
            return e;
    }
    return next(r) == ']' ? 0 : -EINVAL;
}

static int read_header(struct reader *r, size_t begin)
{
    buf_free(&r->section);
    buf_free(&r->subsection);
    r->has_subsection = false;
    for (;;) {
        int c = next(r), e = 0;
        if (c == ']')
            break;
        if (c == ' ' || c == '\t') {
            e = read_subsection(r);
            if (e < 0)
                return e;
            break;
        }
        if (c < 0 || (!isalnum(c) && c != '-' && c != '.'))
            return -EINVAL;
        if (c == '.' && !r->has_subsection) /* [section.subsection], an old way */
            r->has_subsection = true;
        else
            e = buf_char(r->has_subsection ? &r->subsection : &r->section, (char)tolower(c));
        if (e < 0)
            return e;
    }
    if (!r->section.len)
        return -EINVAL;
    r->in_section = true;
    return add(r, NULL, NULL, begin, r->at);
}

static void skip_line(struct reader *r)
{
    int c;
    do
        c = next(r);
    while (c >= 0 && c != '\n');
}

/* One backslash sequence of a value. */
static int read_escape(struct reader *r, struct buf *value)
{
    switch (next(r)) {
    case '\n':
        return 0;
    case 't':
        return buf_char(value, '\t');
    case 'b':
        return buf_char(value, '\b');
    case 'n':
        return buf_char(value, '\n');
    case '\\':
        return buf_char(value, '\\');
    case '"':
        return buf_char(value, '"');
    default:
        return -EINVAL;
    }
}

static int read_value(struct reader *r, struct buf *value)
{
    bool quoted = false;
    size_t keep = 0; /* length without blanks at the end */
    for (;;) {
        int c = next(r), e = 0;
        if (c < 0 && r->text[r->at - 1] == '\n')
            return -EINVAL; /* a continued line that the file ends in: what is written behind it would be part of it */
        if (c < 0 || c == '\n')
            break;
        if (!quoted && (c == ';' || c == '#')) {
            skip_line(r);
            break;
        }
        if (!quoted && (c == ' ' || c == '\t')) {
            if (value->len)
                e = buf_char(value, (char)c);
            if (e < 0)
                return e;
            continue;
        }
        if (c == '"') {
            quoted = !quoted;
            keep = value->len;
            continue;
        }
        e = c == '\\' ? read_escape(r, value) : buf_char(value, (char)c);
        if (e < 0)
            return e;
        keep = value->len;
    }
    if (quoted)
        return -EINVAL;
    value->len = keep;
    if (value->data)
        value->data[keep] = '\0';
    return value->len || value->data ? 0 : buf_str(value, "");
}

static int read_entry(struct reader *r, int c, size_t begin)
{
    _cleanup_buf_ struct buf key = { 0 };
    _cleanup_buf_ struct buf value = { 0 };
    int e = 0;
    for (; e >= 0 && c >= 0 && (isalnum(c) || c == '-'); c = next(r))
        e = buf_char(&key, (char)tolower(c));
    while (c == ' ' || c == '\t')
        c = next(r);
    bool has_value = c == '=';
    if (e >= 0 && !has_value && c >= 0 && c != '\n')
        e = -EINVAL;
    if (e >= 0 && has_value)
        e = read_value(r, &value);
    if (e < 0)
        return e;
    char *k = buf_take(&key), *v = has_value ? buf_take(&value) : NULL;
    e = !k || (has_value && !v) ? -ENOMEM : add(r, k, v, begin, r->at);
    if (e < 0) {
        free(k);
        free(v);
    }
    return e;
}

static int read_all(struct reader *r)
{
    size_t line = r->at;
    for (;;) {
        int c = next(r), e = 0;
        if (c < 0)
            return 0;
        if (c == '\n') {
            line = r->at;
        } else if (c == '#' || c == ';') {
            skip_line(r);
            line = r->at;
        } else if (c == '[') {
            e = read_header(r, line);
            line = r->at;
        } else if (r->in_section && isalpha(c)) {
            e = read_entry(r, c, line);
            line = r->at;
        } else if (!isspace(c)) {
            return -EINVAL;
        }
        if (e < 0)
            return e;
    }
}

int git_config_parse(const char *text, size_t len, struct git_config *ret_config)
{
    _cleanup_git_config_ struct git_config config = { 0 };
    struct reader r = { .text = text, .len = len, .out = &config };
    if (len > GIT_CONFIG_BYTES)
        return -E2BIG;
    if (len && memchr(text, '\0', len))
        return -EINVAL;
    for (const char *cr = text; len && (cr = memchr(cr, '\r', len - (size_t)(cr - text))); cr++)
        if ((size_t)(cr - text) + 1 >= len || cr[1] != '\n')
            return -EINVAL; /* what it means would change with what is written behind it */
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        r.at = 3;
    int e = read_all(&r);
    buf_free(&r.section);
    buf_free(&r.subsection);
    if (e < 0)
        return e;
    *ret_config = config;
    config = (struct git_config){ 0 };
    return 0;
}

/* --- writing --- */

int git_config_header(struct buf *out, const struct git_entry *entry)
{
    int e = buf_printf(out, "[%s", entry->section);
    if (e >= 0 && entry->subsection) {
        e = buf_str(out, " \"");
        for (const char *p = entry->subsection; *p && e >= 0; p++) {
            if (*p == '"' || *p == '\\')
                e = buf_char(out, '\\');
            if (e >= 0)
                e = buf_char(out, *p);
        }
        if (e >= 0)
            e = buf_char(out, '"');
    }
    return e < 0 ? e : buf_str(out, "]\n");
}

static int add_escaped(struct buf *out, char c)
{
    switch (c) {
    case '\n':
        return buf_str(out, "\\n");
    case '\t':
        return buf_str(out, "\\t");
    case '\b':
        return buf_str(out, "\\b");
    case '"':
        return buf_str(out, "\\\"");
    case '\\':
        return buf_str(out, "\\\\");
    default:
        return buf_char(out, c);
    }
}

int git_config_line(struct buf *out, const struct git_entry *entry)
{
    const char *value = entry->value;
    int e = buf_printf(out, "\t%s", entry->key);
    if (e < 0 || !value)
        return e < 0 ? e : buf_char(out, '\n');
    size_t len = strlen(value);
    bool quote = len == 0 || strpbrk(value, ";#\r") || value[0] == ' ' || value[len - 1] == ' ';
    e = buf_printf(out, " = %s", quote ? "\"" : "");
    for (const char *p = value; *p && e >= 0; p++)
        e = add_escaped(out, *p);
    return e < 0 ? e : buf_printf(out, "%s\n", quote ? "\"" : "");
}

/* --- changing --- */

static bool same_section(const struct git_entry *a, const struct git_entry *b)
{
    return same_text(a->section, b->section) && same_text(a->subsection, b->subsection);
}

/* The entry behind which new values of name go: the last of its section; SIZE_MAX: there is no such section. */
static size_t last_of_section(const struct git_config *c, const struct git_entry *name)
{
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < c->n; i++)
        if (same_section(&c->v[i], name))
            last = i;
    return last;
}

/* Does the section that begins with header i hold anything but entries of that name? */
static bool is_left(const struct git_config *c, size_t i, const struct git_entry *name)
{
    for (size_t k = i + 1; k < c->n && c->v[k].key; k++)
        if (!git_entry_same(&c->v[k], name))
            return true;
    return false;
}

static int add_lines(struct buf *out, const struct git_entry *const *values, size_t n)
{
    int e = out->len && out->data[out->len - 1] != '\n' ? buf_char(out, '\n') : 0;
    for (size_t i = 0; i < n && e >= 0; i++)
        e = git_config_line(out, values[i]);
    return e;
}

int git_config_replace(const char *text, size_t len, const struct git_entry *name, const struct git_entry *const *values,
                       size_t n, struct buf *out)
{
    _cleanup_git_config_ struct git_config config = { 0 };
    int e = git_config_parse(text, len, &config);
    if (e < 0)
        return e;
    size_t last = n ? last_of_section(&config, name) : SIZE_MAX, done = 0;
    for (size_t i = 0; i < config.n && e >= 0; i++) {
        const struct git_entry *entry = &config.v[i];
        bool goes = entry->key ? git_entry_same(entry, name)
                               : same_section(entry, name) && n == 0 && !is_left(&config, i, name) &&
                                     i + 1 < config.n && config.v[i + 1].key;
        if (goes) {
            e = buf_add(out, text + done, entry->begin - done);
            done = entry->end;
            if (!entry->key && done < len && text[done] == '\n')
                done++;
        }
        if (i == last && e >= 0) {
            e = buf_add(out, text + done, entry->end - done);
            done = entry->end;
            if (e >= 0)
                e = add_lines(out, values, n);
            if (e >= 0 && !entry->key && done < len && text[done] == '\n')
                done++; /* the header's own newline was written before the lines */
        }
    }
    if (e >= 0 && done < len)
        e = buf_add(out, text + done, len - done);
    if (e >= 0 && n && last == SIZE_MAX) {
        e = out->len && out->data[out->len - 1] != '\n' ? buf_char(out, '\n') : 0;
        if (e >= 0)
            e = git_config_header(out, name);
        if (e >= 0)
            e = add_lines(out, values, n);
    }
    return e;
}
