/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/ansi_osc.h"

#include <string.h>
#include <strings.h>

/* A command taken apart: number, then text behind the first ';'. */
struct osc {
    unsigned number;
    bool has_text; /* there was a ';' */
    const char *text;
    size_t len;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* True if every byte is a letter, a digit or one of others. */
static bool only(const struct osc *o, const char *others)
{
    for (size_t i = 0; i < o->len; i++)
        if (!is_alnum(o->text[i]) && (o->text[i] == '\0' || !strchr(others, o->text[i])))
            return false;
    return true;
}

static int write_osc(const struct osc *o, const char *text, size_t len, const char *terminator, struct buf *out)
{
    int r = buf_printf(out, "\033]%u%s", o->number, o->has_text ? ";" : "");
    if (r == 0)
        r = buf_add(out, text, len);
    return r < 0 ? r : buf_str(out, terminator);
}

/* Length of the well-formed character at s that is no control, 0 if there is none (RFC 3629). */
static size_t character(const struct ansi *a, const unsigned char *s, size_t len)
{
    static const struct {
        unsigned char first, last, low, high, size;
    } forms[] = {
        { 0x20, 0x7e, 0, 0, 1 },       { 0xc2, 0xc2, 0xa0, 0xbf, 2 }, { 0xc3, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
        { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    if (!a->utf8)
        return (*s >= 0x20 && *s < 0x7f) || *s >= 0xa0;
    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        if (*s < forms[i].first || *s > forms[i].last)
            continue;
        if (forms[i].size > len || (forms[i].size > 1 && (s[1] < forms[i].low || s[1] > forms[i].high)))
            return 0;
        for (size_t k = 2; k < forms[i].size; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].size;
    }
    return 0;
}

static int title(struct ansi *a, const struct osc *o, const char *terminator, struct buf *out)
{
    char clean[ANSI_TITLE_MAX];
    size_t len = 0;

    for (size_t i = 0; i < o->len;) {
        size_t size = character(a, (const unsigned char *)o->text + i, o->len - i);
        if (size == 0) {
            i++;
            continue;
        }
        if (len + size > sizeof(clean))
            break;
        memcpy(clean + len, o->text + i, size);
        len += size;
        i += size;
    }
    return o->has_text ? write_osc(o, clean, len, terminator, out) : 0;
}

/* Colours, set or asked for: names, #rgb, rgb:..., rgbi:..., indexes. */
static int colour(struct ansi *a, const struct osc *o, const char *terminator, struct buf *out)
{
    if (!only(o, ";:#?/.%, -+()"))
        return 0;
    if (o->len && memchr(o->text, '?', o->len))
        a->queries++;
    return write_osc(o, o->text, o->len, terminator, out);
}

static int colour_reset(struct ansi *a, const struct osc *o, const char *terminator, struct buf *out)
{
    (void)a;
    for (size_t i = 0; i < o->len; i++)
        if (!is_digit(o->text[i]) && o->text[i] != ';')
            return 0;
    return write_osc(o, o->text, o->len, terminator, out);
}

static bool link_allowed(const char *target, size_t len)
{
    static const char *const schemes[] = { "http://", "https://", "mailto:" };
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
        if (len >= strlen(schemes[i]) && strncasecmp(target, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return len == 0;
}

/* A hyperlink: "params;URI". One that may not pass closes the link before it instead. */
static int hyperlink(struct ansi *a, const struct osc *o, const char *terminator, struct buf *out)
{
    (void)a;
    const char *target = o->len ? memchr(o->text, ';', o->len) : NULL;
    bool allowed = target && link_allowed(target + 1, o->len - (size_t)(target + 1 - o->text));
    for (size_t i = 0; i < o->len; i++)
        if (o->text[i] < 0x20 || o->text[i] > 0x7e) /* high bytes are negative or above: the URI must be encoded */
            allowed = false;
    if (!o->has_text)
        return 0;
    return allowed ? write_osc(o, o->text, o->len, terminator, out) : write_osc(o, ";", 1, terminator, out);
}

/* Prompt marks, FinalTerm's (133) and VS Code's (633): a letter, perhaps an exit status. Without the fields that carry
 * a command line or a directory, which terminals run again or resolve links against. */
static int mark(struct ansi *a, const struct osc *o, const char *terminator, struct buf *out)
{
    (void)a;
    if (o->len < 1 || !strchr(o->number == 133 ? "ABCDILNP" : "ABCD", o->text[0]))
        return 0;
    size_t len = 1;
    if (o->len > 2 && o->len <= 5 && o->text[1] == ';') {
        len = 2;
        while (len < o->len && is_digit(o->text[len]))
            len++;
        if (len < o->len)
            len = 1;
    }
    return write_osc(o, o->text, len, terminator, out);
}

/* Which commands may pass. Left out: 7 (directory), 9 99 777 (notifications), 50 (font), 52 (clipboard), 1337 (files
 * and more), and everything unknown. */
static const struct osc_rule {
    unsigned number;
    int (*pass)(struct ansi *a, const struct osc *o, const char *terminator, struct buf *out);
} osc_rules[] = {
    { 0, title },          { 1, title },          { 2, title },          { 4, colour },         { 5, colour },
    { 8, hyperlink },      { 10, colour },        { 11, colour },        { 12, colour },        { 13, colour },
    { 14, colour },        { 17, colour },        { 19, colour },        { 104, colour_reset }, { 105, colour_reset },
    { 110, colour_reset }, { 111, colour_reset }, { 112, colour_reset }, { 113, colour_reset }, { 114, colour_reset },
    { 117, colour_reset }, { 119, colour_reset }, { 133, mark },         { 633, mark },
};

int ansi_osc(struct ansi *a, const char *terminator, struct buf *out)
{
    struct osc o = { 0 };
    size_t i = 0;

    if (a->overflow)
        return 0;
    for (; i < a->held_len && i < 4 && is_digit((char)a->held[i]); i++)
        o.number = o.number * 10 + (unsigned)(a->held[i] - '0');
    if (i == 0 || (i < a->held_len && a->held[i] != ';'))
        return 0;
    o.has_text = i < a->held_len;
    o.text = (const char *)a->held + i + o.has_text;
    o.len = a->held_len - i - o.has_text;

    for (size_t k = 0; k < ELEMENTSOF(osc_rules); k++)
        if (osc_rules[k].number == o.number)
            return osc_rules[k].pass(a, &o, terminator, out);
    return 0;
}
