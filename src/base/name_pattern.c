/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/name_pattern.h"

#include <stdint.h>
#include <string.h>

/* One component: a stretch of a path or pattern without a slash. */
struct part {
    const char *at;
    size_t len;
};

static struct part first_part(const char *s)
{
    s += strspn(s, "/");
    return (struct part){ s, strcspn(s, "/") };
}

static const char *behind(struct part p)
{
    const char *s = p.at + p.len;
    return s + strspn(s, "/");
}

static unsigned char folded(char c, bool fold)
{
    return (unsigned char)(fold && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* "[...]" at pattern[0], with its end in *ret_len (0: there is none, it is a literal bracket). */
static bool in_set(const char *pattern, size_t n, char c, bool fold, size_t *ret_len)
{
    size_t i = 1;
    bool found = false, negated = i < n && (pattern[i] == '!' || pattern[i] == '^');
    i += negated;
    for (size_t begin = i; i < n && (pattern[i] != ']' || i == begin); i++) {
        unsigned char low = folded(pattern[i], fold), high = low, is = folded(c, fold);
        if (i + 2 < n && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            high = folded(pattern[i + 2], fold);
            i += 2;
        }
        found = found || (is >= low && is <= high);
    }
    *ret_len = i < n ? i + 1 : 0;
    return found != negated;
}

/* Does one character of the name fit what the pattern begins with? How long that is in *ret_len. */
static bool fits(const char *pattern, size_t n, char c, bool fold, size_t *ret_len)
{
    bool any = fold && (unsigned char)c >= 0x80;
    *ret_len = 1;
    if (*pattern == '?')
        return true;
    if (*pattern == '[') {
        size_t len;
        bool in = in_set(pattern, n, c, fold, &len);
        if (len) {
            *ret_len = len;
            return in || any;
        }
    }
    if (*pattern == '\\' && n > 1) {
        pattern++;
        *ret_len = 2;
    }
    return folded(*pattern, fold) == folded(c, fold) || any;
}

/* What some file systems take off a name's end. */
static size_t trimmed(struct part name)
{
    size_t len = name.len;
    while (len && (name.at[len - 1] == '.' || name.at[len - 1] == ' '))
        len--;
    return len ? len : name.len;
}

/* "ENVRC~1", the short name that vfat and ntfs give any longer one as well: which, only they know. */
static bool is_short(struct part name)
{
    size_t base = 0, digits = 0;
    while (base < name.len && name.at[base] != '.')
        base++;
    while (digits < base && name.at[base - 1 - digits] >= '0' && name.at[base - 1 - digits] <= '9')
        digits++;
    return base <= 8 && name.len <= base + 4 && digits && digits < base && name.at[base - 1 - digits] == '~';
}

/* Where only some characters are known (fold, a byte beyond ASCII) any number of them may be meant: true. */
static bool has_unknown(struct part name)
{
    if (is_short(name))
        return true;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] >= 0x80)
            return true;
    return false;
}

/* A "*" that did not fit is tried again one character further: the last one is enough. */
static bool part_matches(struct part pattern, struct part name, bool fold)
{
    size_t p = 0, s = 0, star = SIZE_MAX, again = 0, len;
    if (fold) {
        if (has_unknown(name) || part_matches(pattern, name, false)) /* "[!a]" has "A" only where case counts */
            return true;
        name.len = trimmed(name);
    }
    while (s < name.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = ++p;
            again = s;
        } else if (p < pattern.len && fits(pattern.at + p, pattern.len - p, name.at[s], fold, &len)) {
            p += len;
            s++;
        } else if (star != SIZE_MAX) {
            p = star;
            s = ++again;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*')
        p++;
    return p == pattern.len;
}

static bool is_deep(struct part p)
{
    return p.len == 2 && p.at[0] == '*' && p.at[1] == '*';
}

static bool is_literal(struct part p)
{
    for (size_t i = 0; i < p.len; i++)
        if (strchr("*?[", p.at[i]) && (!i || p.at[i - 1] != '\\'))
            return false;
    return true;
}

/* deep: a "**" was passed, and no name behind it that is written out. */
static unsigned look(const char *pattern, const char *path, bool fold, bool deep)
{
    struct part p = first_part(pattern), s = first_part(path);
    if (!p.len)
        return NAME_MATCHED;
    if (is_deep(p)) {
        unsigned r = look(behind(p), path, fold, true);
        return s.len ? r | look(pattern, behind(s), fold, true) : r | NAME_AROUND;
    }
    if (!s.len)
        return deep ? NAME_AROUND : NAME_ABOVE;
    return part_matches(p, s, fold) ? look(behind(p), behind(s), fold, deep && !is_literal(p)) : 0;
}

unsigned name_pattern_look(const char *pattern, const char *path, bool fold)
{
    return look(pattern, path, fold, false);
}

bool name_pattern_is_glob(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

int name_pattern_escape(const char *text, struct buf *out)
{
    int r = 0;
    for (; *text && r >= 0; text++) {
        if (strchr("*?[\\", *text))
            r = buf_char(out, '\\');
        if (r >= 0)
            r = buf_char(out, *text);
    }
    return r;
}

const char *name_pattern_problem(const char *pattern)
{
    unsigned deep = 0;
    for (struct part p = first_part(pattern); p.len; p = first_part(behind(p))) {
        if (is_deep(p))
            deep++;
        for (size_t i = 0; i + 1 < p.len && !is_deep(p); i++) {
            if (p.at[i] == '\\')
                i++;
            else if (p.at[i] == '*' && p.at[i + 1] == '*')
                return "** stands for whole directories; write * within a name";
        }
    }
    return deep > NAME_DEEP_MAX ? "more than two **" : NULL;
}
