/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/json_read.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"

struct reader {
    struct json_line *line;
    const char *p, *end;
    size_t open[JSON_READ_DEPTH]; /* indices of the values that are not closed */
    size_t depth;
};

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
        r->p++;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* From the opening quote to behind the closing one. */
static int read_string(struct reader *r, const char **ret, size_t *ret_len)
{
    const char *begin = ++r->p;
    while (r->p < r->end && *r->p != '"') {
        unsigned char c = (unsigned char)*r->p++;
        if (c < 0x20)
            return -EBADMSG;
        if (c != '\\')
            continue;
        if (r->p == r->end)
            return -EBADMSG;
        c = (unsigned char)*r->p++;
        if (c == 'u') {
            for (int i = 0; i < 4; i++, r->p++)
                if (r->p == r->end || !is_hex(*r->p))
                    return -EBADMSG;
        } else if (!strchr("\"\\/bfnrt", c) || !c) {
            return -EBADMSG;
        }
    }
    if (r->p == r->end)
        return -EBADMSG;
    *ret = begin;
    *ret_len = (size_t)(r->p - begin);
    r->p++;
    return 0;
}

static struct json_value *new_value(struct reader *r, enum json_kind kind)
{
    if (r->line->n == JSON_READ_VALUES)
        return NULL;
    struct json_value *v = &r->line->v[r->line->n++];
    *v = (struct json_value){ .kind = kind, .after = r->line->n };
    return v;
}

/* A number or one of three words: as far as that could go; only its use tells whether it is one. */
static int read_plain(struct reader *r, struct json_value *v)
{
    const char *begin = r->p;
    while (r->p < r->end && (strchr("+-.", *r->p) || (*r->p >= '0' && *r->p <= '9') || (*r->p >= 'a' && *r->p <= 'z') ||
                             *r->p == 'E') && *r->p)
        r->p++;
    v->text = begin;
    v->len = (size_t)(r->p - begin);
    return v->len ? 0 : -EBADMSG;
}

/* A value; one that holds others is left open. */
static int read_value(struct reader *r, const char *key, size_t key_len)
{
    if (r->p == r->end)
        return -EBADMSG;
    enum json_kind kind = *r->p == '{' ? JSON_OBJECT : *r->p == '[' ? JSON_ARRAY : *r->p == '"' ? JSON_TEXT : JSON_OTHER;
    struct json_value *v = new_value(r, kind);
    if (!v)
        return -E2BIG;
    v->key = key;
    v->key_len = key_len;
    v->text = r->p;
    if (kind == JSON_TEXT)
        return read_string(r, &v->text, &v->len);
    if (kind == JSON_OTHER)
        return read_plain(r, v);
    if (r->depth == JSON_READ_DEPTH)
        return -E2BIG;
    r->open[r->depth++] = r->line->n - 1;
    r->p++;
    return 0;
}

static int read_member(struct reader *r, bool named)
{
    const char *key = NULL;
    size_t key_len = 0;
    if (named) {
        if (r->p == r->end || *r->p != '"')
            return -EBADMSG;
        int e = read_string(r, &key, &key_len);
        if (e < 0)
            return e;
        skip_blanks(r);
        if (r->p == r->end || *r->p++ != ':')
            return -EBADMSG;
        skip_blanks(r);
    }
    return read_value(r, key, key_len);
}

/* What stands next in the value that is open: the first of it, a further one, or its end. */
static int go_on(struct reader *r)
{
    struct json_value *up = &r->line->v[r->open[r->depth - 1]];
    char close = up->kind == JSON_OBJECT ? '}' : ']';
    bool first = r->line->n == r->open[r->depth - 1] + 1;
    skip_blanks(r);
    if (r->p == r->end)
        return -EBADMSG;
    if (*r->p == close) {
        r->p++;
        up->after = r->line->n;
        up->len = (size_t)(r->p - up->text);
        r->depth--;
        return 0;
    }
    if (!first && *r->p++ != ',')
        return -EBADMSG;
    skip_blanks(r);
    return read_member(r, up->kind == JSON_OBJECT);
}

int json_read(struct json_line *ret, const char *text, size_t len)
{
    struct reader r = { .line = ret, .p = text, .end = text + len };
    ret->n = 0;
    skip_blanks(&r);
    int e = read_value(&r, NULL, 0);
    while (e == 0 && r.depth)
        e = go_on(&r);
    skip_blanks(&r);
    return e < 0 ? e : r.p == r.end ? 0 : -EBADMSG;
}

static const struct json_value *member(const struct json_line *line, const struct json_value *of, const char *name, size_t len)
{
    const struct json_value *v;
    for (size_t i = 0; of->kind == JSON_OBJECT && (v = json_element(line, of, i)); i++)
        if (v->key_len == len && memcmp(v->key, name, len) == 0)
            return v;
    return NULL;
}

const struct json_value *json_find(const struct json_line *line, const char *path)
{
    const struct json_value *v = line->n ? &line->v[0] : NULL;
    while (v && *path) {
        size_t len = strcspn(path, ".");
        v = member(line, v, path, len);
        path += len + (path[len] == '.');
    }
    return v;
}

const struct json_value *json_element(const struct json_line *line, const struct json_value *of, size_t i)
{
    size_t at = (size_t)(of - line->v) + 1;
    for (; i && at < of->after; i--)
        at = line->v[at].after;
    return at < of->after ? &line->v[at] : NULL;
}

static unsigned hex4(const char *p)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
    return value;
}

static int add_utf8(struct buf *out, unsigned c)
{
    if (c == 0)
        return 0;
    if (c < 0x80)
        return buf_char(out, (char)c);
    char s[3] = { (char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F)), 0 };
    if (c < 0x800)
        return buf_add(out, s, 2);
    s[0] = (char)(0xE0 | c >> 12);
    s[1] = (char)(0x80 | (c >> 6 & 0x3F));
    s[2] = (char)(0x80 | (c & 0x3F));
    return buf_add(out, s, 3);
}

/* One escape, p standing behind the backslash. How many bytes it took. Halves of a pair, which we never write, come out as
 * bytes that are no UTF-8. */
static size_t add_escape(struct buf *out, const char *p, int *r)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *simple = strchr(from, *p);
    if (*p == 'u') {
        *r = add_utf8(out, hex4(p + 1));
        return 5;
    }
    *r = buf_char(out, simple ? to[simple - from] : *p);
    return 1;
}

int json_unescape(const struct json_value *value, struct buf *out)
{
    int r = 0;
    for (size_t i = 0; i < value->len && r >= 0;) {
        if (value->kind == JSON_TEXT && value->text[i] == '\\') {
            i += 1 + add_escape(out, value->text + i + 1, &r);
        } else {
            r = value->text[i] ? buf_char(out, value->text[i]) : 0;
            i++;
        }
    }
    return r;
}

bool json_number(const struct json_value *value, uint64_t *ret)
{
    char digits[24];
    if (!value || (value->kind != JSON_OTHER && value->kind != JSON_TEXT) || value->len >= sizeof(digits))
        return false;
    memcpy(digits, value->text, value->len);
    digits[value->len] = '\0';
    return parse_u64(digits, ret) == 0;
}

bool json_is(const struct json_value *value, const char *text)
{
    return value && value->kind == JSON_TEXT && value->len == strlen(text) && memcmp(value->text, text, value->len) == 0;
}
