/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/parse.h"

#include <errno.h>
#include <string.h>

/* Read digits at *s and move *s behind them. */
static int take_number(const char **s, uint64_t *ret_value)
{
    const char *p = *s;
    uint64_t value = 0;
    if (*p < '0' || *p > '9')
        return -EINVAL;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
            return -ERANGE;
    }
    *s = p;
    *ret_value = value;
    return 0;
}

int parse_u64(const char *s, uint64_t *ret_value)
{
    uint64_t value;
    int r = take_number(&s, &value);
    if (r < 0)
        return r;
    if (*s)
        return -EINVAL;
    *ret_value = value;
    return 0;
}

const char *parse_leading(const char *s, uint64_t *ret_value)
{
    return take_number(&s, ret_value) < 0 ? NULL : s;
}

int parse_size(const char *s, uint64_t *ret_bytes)
{
    uint64_t value;
    int r = take_number(&s, &value);
    if (r < 0)
        return r;
    unsigned shift = 0;
    if (*s) {
        static const char units[] = "KMGT";
        const char *unit = strchr(units, *s);
        if (!unit || s[1])
            return -EINVAL;
        shift = (unsigned)(unit - units + 1) * 10;
    }
    if (value > UINT64_MAX >> shift)
        return -ERANGE;
    *ret_bytes = value << shift;
    return 0;
}

/* The unit at *s in milliseconds, *s moved behind it; 0 if there is none. */
static uint64_t take_time_unit(const char **s)
{
    static const struct {
        char name[3];
        uint64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(*s, units[i].name, len) == 0) {
            *s += len;
            return units[i].ms;
        }
    }
    return 0;
}

int parse_duration(const char *s, uint64_t *ret_ms)
{
    uint64_t total = 0;
    bool bare = true;
    do {
        uint64_t value, unit = 1000;
        int r = take_number(&s, &value);
        if (r < 0)
            return r;
        if (*s) {
            unit = take_time_unit(&s);
            if (!unit)
                return -EINVAL;
            bare = false;
        } else if (!bare) {
            return -EINVAL; /* "1h30": thirty what? */
        }
        if (__builtin_mul_overflow(value, unit, &value) || __builtin_add_overflow(total, value, &total))
            return -ERANGE;
    } while (*s);
    *ret_ms = total;
    return 0;
}

int parse_cpu(const char *s, uint64_t *ret_percent)
{
    uint64_t whole, percent;
    int r = take_number(&s, &whole);
    if (r < 0)
        return r;
    if (*s == '%') {
        if (s[1])
            return -EINVAL;
        percent = whole;
    } else {
        if (__builtin_mul_overflow(whole, 100u, &percent))
            return -ERANGE;
        if (*s == '.') {
            uint64_t weight = 10;
            if (!*++s)
                return -EINVAL;
            for (; *s; s++, weight /= 10) {
                if (*s < '0' || *s > '9')
                    return -EINVAL;
                if (__builtin_add_overflow(percent, weight * (uint64_t)(*s - '0'), &percent))
                    return -ERANGE;
            }
        } else if (*s) {
            return -EINVAL;
        }
    }
    if (percent < 1)
        return -EINVAL;
    *ret_percent = percent;
    return 0;
}

int parse_bool(const char *s, bool *ret_value)
{
    static const char *const yes[] = { "yes", "true", "on" };
    static const char *const no[] = { "no", "false", "off" };
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        bool is_yes = strcmp(s, yes[i]) == 0;
        if (is_yes || strcmp(s, no[i]) == 0) {
            *ret_value = is_yes;
            return 0;
        }
    }
    return -EINVAL;
}

/* Length of the well-formed sequence that starts at s, 0 if there is none. RFC 3629, table 3-7 of Unicode. */
size_t utf8_sequence(const unsigned char *s, size_t len)
{
    if (s[0] < 0x80)
        return 1;

    size_t n = s[0] >= 0xC2 && s[0] <= 0xDF ? 2 : (s[0] & 0xF0) == 0xE0 ? 3 : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

bool utf8_valid(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    while (len) {
        size_t n = utf8_sequence(p, len);
        if (n == 0)
            return false;
        p += n;
        len -= n;
    }
    return true;
}
