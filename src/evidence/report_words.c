/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the forms of a report have in common. */
#include <string.h>

#include "evidence/report.h"

int report_line(struct buf *out, const char *text)
{
    _cleanup_buf_ struct buf line = { 0 };
    int r = 0;
    for (const char *p = text; *p && r >= 0; p++)
        r = *p == '\n' ? buf_str(&line, "\\012") : *p == '\t' ? buf_str(&line, "\\011") : *p == '\\' ? buf_str(&line, "\\\\")
                                                                                              : buf_char(&line, *p);
    return r < 0 || !line.data ? r : buf_visible(out, line.data);
}

int report_changes(struct buf *out, unsigned changes)
{
    static const struct {
        unsigned change;
        const char *word;
    } words[] = { { REPORT_CREATED, "created" }, { REPORT_RENAMED, "renamed" }, { REPORT_WRITTEN, "written" },
                  { REPORT_CHANGED, "attributes" }, { REPORT_REMOVED, "removed" } };
    bool any = false;
    int r = 0;
    for (size_t i = 0; i < ELEMENTSOF(words) && r >= 0; i++) {
        if (!(changes & words[i].change))
            continue;
        r = buf_printf(out, "%s%s", any ? ", " : "", words[i].word);
        any = true;
    }
    return r;
}

int report_bytes(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
    if (bytes < 1000)
        return buf_printf(out, "%u B", (unsigned)bytes);
    double value = (double)bytes / 1000;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < ELEMENTSOF(units); unit++)
        value /= 1000;
    return buf_printf(out, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* A word that a shell would take apart is quoted, so that it can be seen where each ends. */
int report_command(struct buf *out, const struct report *report)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./:,@%^~";
    int r = 0;
    for (size_t i = 0; i < report->argv.n && r >= 0; i++) {
        const char *word = report->argv.v[i];
        bool quoted = !*word || word[strspn(word, plain)];
        r = buf_printf(out, "%s%s", i ? " " : "", quoted ? "'" : "");
        if (r >= 0)
            r = report_line(out, word);
        if (r >= 0 && quoted)
            r = buf_char(out, '\'');
    }
    return r < 0 || report->argv.n ? r : buf_str(out, "?");
}

int report_duration(struct buf *out, const struct report *report)
{
    if (!report->began_ns || report->ended_ns < report->began_ns)
        return buf_str(out, "?");
    unsigned long long ms = (report->ended_ns - report->began_ns) / 1000000, s = ms / 1000;
    if (s < 60)
        return buf_printf(out, "%llu.%llu s", s, ms / 100 % 10);
    if (s < 3600)
        return buf_printf(out, "%llu min %02llu s", s / 60, s % 60);
    return buf_printf(out, "%llu h %02llu min", s / 3600, s / 60 % 60);
}

int report_ending(struct buf *out, const struct report *report)
{
    if (!report->has_status)
        return buf_str(out, "no end is recorded");
    int r = report->status > 128 ? buf_printf(out, "ended by signal %llu", (unsigned long long)report->status - 128)
                                 : buf_printf(out, "exit status %llu", (unsigned long long)report->status);
    if (r >= 0 && report->ended_by) {
        r = buf_str(out, ": ");
        if (r >= 0)
            r = report_line(out, report->ended_by);
    }
    return r;
}

const char *report_gap(const struct report *report, enum report_table table)
{
    const char *level = report->level ? report->level : "off";
    bool all = strcmp(level, "all") == 0, writes = all || strcmp(level, "writes") == 0;
    switch (table) {
    case REPORT_FILES:
        if (writes)
            return NULL;
        return strcmp(level, "changes") != 0 ? "not looked at"
                                             : "by comparing before and after: what was made and removed in between, and by "
                                               "whom, was not looked at";
    case REPORT_READ:
        return all ? NULL : "not looked at";
    case REPORT_PROGRAMS:
        return writes ? NULL : "not looked at";
    default:
        return NULL;
    }
}

bool report_is_known(const struct report *report, enum report_table table)
{
    return !report_gap(report, table) || (table == REPORT_FILES && report->level && strcmp(report->level, "changes") == 0);
}
