/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/record.h"
#include "monitor/say.h"

int text_line(struct buf *out, const char *s)
{
    _cleanup_buf_ struct buf line = { 0 };
    int r = record_field(&line, s, SIZE_MAX);
    return r < 0 || !line.data ? r : buf_visible(out, line.data);
}

int text_size(struct buf *out, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    if (bytes < 1024)
        return buf_printf(out, "%u", (unsigned)bytes);
    double value = (double)bytes / 1024;
    size_t unit = 0;
    for (; value >= 1024 && units[unit + 1]; unit++)
        value /= 1024;
    return buf_printf(out, value < 10 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

int text_age(struct buf *out, int64_t seconds)
{
    long long s = seconds < 0 ? 0 : (long long)seconds;
    if (s < 60)
        return buf_printf(out, "%llds", s);
    if (s < 3600)
        return buf_printf(out, "%lldm%02llds", s / 60, s % 60);
    if (s < 86400)
        return buf_printf(out, "%lldh%02lldm", s / 3600, s / 60 % 60);
    return buf_printf(out, "%lldd%lldh", s / 86400, s / 3600 % 24);
}

int text_time(struct buf *out, int64_t seconds)
{
    char text[40];
    struct tm tm;
    time_t t = (time_t)seconds;
    if (!gmtime_r(&t, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return buf_str(out, "?");
    return buf_str(out, text);
}

int text_print(const struct buf *out, int r)
{
    if (r < 0) {
        say(strerror(-r), "");
        return 125;
    }
    return text_printed(out->len == 0 || fwrite(out->data, 1, out->len, stdout) == out->len);
}

int text_printed(bool written)
{
    char why[128];
    if (written && fflush(stdout) == 0)
        return 0;
    snprintf(why, sizeof(why), "cannot write standard output: %s", strerror(errno));
    say(why, "");
    return 125;
}
