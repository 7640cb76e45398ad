/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A report as lines for people, and as JSON for programs. */
#include <string.h>

#include "base/json.h"
#include "evidence/report.h"

enum { HASH_SHOWN = 12 };

static int add_label(struct buf *out, const char *label, const char *value)
{
    if (!value)
        return 0;
    int r = buf_printf(out, "%-9s ", label);
    if (r >= 0)
        r = report_line(out, value);
    return r < 0 ? r : buf_char(out, '\n');
}

static int add_hashes(struct buf *out, const struct report_row *row)
{
    const char *from = row->before, *to = row->after;
    if (!*from && !*to)
        return 0;
    if (strcmp(from, to) == 0)
        return buf_printf(out, "  sha256 %.*s unchanged", HASH_SHOWN, to);
    return buf_printf(out, "  sha256 %.*s%s%.*s", HASH_SHOWN, from, *from && *to ? " -> " : "", HASH_SHOWN, to);
}

static int add_file(struct buf *out, const struct report_row *row)
{
    _cleanup_buf_ struct buf what = { 0 };
    int r = report_changes(&what, row->changes);
    if (r >= 0)
        r = buf_printf(out, "  %-10s ", what.data ? what.data : "read");
    if (r >= 0)
        r = report_line(out, row->subject);
    return r < 0 ? r : add_hashes(out, row);
}

static int add_place(struct buf *out, const struct report_row *row)
{
    int r = buf_str(out, "  ");
    if (r >= 0)
        r = report_line(out, row->detail ? row->detail : "?");
    if (r >= 0)
        r = buf_char(out, ' ');
    if (r >= 0)
        r = report_line(out, row->subject);
    if (r >= 0)
        r = buf_printf(out, "  %llu connection%s, ", (unsigned long long)(row->count ? row->count : 1),
                       row->count > 1 ? "s" : "");
    if (r >= 0)
        r = report_bytes(out, row->sent);
    if (r >= 0)
        r = buf_str(out, " out, ");
    if (r >= 0)
        r = report_bytes(out, row->received);
    return r < 0 ? r : buf_str(out, " in");
}

static int add_other(struct buf *out, const struct report_row *row, enum report_table table)
{
    const char *name = table == REPORT_PROGRAMS && row->detail ? row->detail : row->subject;
    int r = buf_str(out, "  ");
    if (r >= 0)
        r = report_line(out, name);
    if (r >= 0 && name == row->subject && row->detail) {
        r = buf_str(out, ": ");
        if (r >= 0)
            r = report_line(out, row->detail);
    }
    return r < 0 || row->count < 2 ? r : buf_printf(out, "  (%llu times)", (unsigned long long)row->count);
}

static int add_rule(struct buf *out, const struct report_row *row)
{
    int r = 0;
    if (row->rule) {
        r = buf_str(out, ", by ");
        if (r >= 0)
            r = report_line(out, row->rule);
    }
    if (r >= 0 && row->fix) {
        r = buf_str(out, "; to allow it write ");
        if (r >= 0)
            r = report_line(out, row->fix);
    }
    return r < 0 ? r : buf_char(out, '\n');
}

static int add_table(struct buf *out, const struct report *report, enum report_table table, const char *title, size_t max_rows)
{
    size_t n = report->tables[table].n, shown = max_rows && n > max_rows ? max_rows : n;
    const char *gap = report_gap(report, table);
    uint64_t more = report->tables[table].more;
    int r = 0;
    if (!n && (!gap || table == REPORT_READ))
        return 0;
    r = n ? buf_printf(out, "%s: %zu%s%s%s%s\n", title, n, more ? " and more" : "", gap ? " (" : "", gap ? gap : "",
                       gap ? ")" : "")
          : buf_printf(out, "%s: %s\n", title, report_is_known(report, table) ? "none" : gap);
    for (size_t i = 0; i < shown && r >= 0; i++) {
        const struct report_row *row = &report->tables[table].v[i];
        r = table == REPORT_FILES || table == REPORT_READ ? add_file(out, row)
            : table == REPORT_PLACES                      ? add_place(out, row)
                                                          : add_other(out, row, table);
        if (r >= 0)
            r = add_rule(out, row);
    }
    if (r >= 0 && n > shown)
        r = buf_printf(out, "  and %zu others\n", n - shown);
    if (r >= 0 && more)
        r = buf_printf(out, "  and more, in %llu records\n", (unsigned long long)more);
    return r;
}

int report_text(const struct report *report, const char *file, const char *integrity, size_t max_rows, struct buf *out)
{
    static const struct {
        enum report_table table;
        const char *title;
    } tables[] = { { REPORT_NOTES, "attention" }, { REPORT_FILES, "files changed" }, { REPORT_READ, "files read" },
                   { REPORT_PROGRAMS, "programs run" }, { REPORT_PLACES, "network" }, { REPORT_DENIED, "denied" } };
    int r = buf_str(out, "command   ");
    if (r >= 0)
        r = report_command(out, report);
    if (r >= 0)
        r = buf_str(out, "\nended     ");
    if (r >= 0)
        r = report_ending(out, report);
    if (r >= 0)
        r = buf_str(out, ", after ");
    if (r >= 0)
        r = report_duration(out, report);
    if (r >= 0)
        r = buf_char(out, '\n');
    if (r >= 0)
        r = add_label(out, "in", report->cwd);
    if (r >= 0)
        r = add_label(out, "profile", report->profile);
    if (r >= 0)
        r = add_label(out, "record", file);
    if (r >= 0)
        r = add_label(out, "", integrity);
    for (size_t i = 0; i < ELEMENTSOF(tables) && r >= 0; i++)
        r = add_table(out, report, tables[i].table, tables[i].title, max_rows);
    if (r >= 0 && report->strange)
        r = buf_printf(out, "%llu lines of the record are none\n", (unsigned long long)report->strange);
    return r;
}

/* --- JSON --- */

static void add_text_member(struct json *j, const char *key, const char *value)
{
    if (value && *value)
        json_string(j, key, value);
}

static void add_rows(struct json *j, const struct report *report, enum report_table table, const char *key)
{
    json_array(j, key);
    for (size_t i = 0; i < report->tables[table].n; i++) {
        const struct report_row *row = &report->tables[table].v[i];
        _cleanup_buf_ struct buf changes = { 0 };
        json_object(j, NULL);
        json_string(j, table == REPORT_PLACES ? "place" : table == REPORT_PROGRAMS ? "program" : "name", row->subject);
        add_text_member(j, table == REPORT_PLACES ? "protocol" : table == REPORT_PROGRAMS ? "command" : "why", row->detail);
        if (table == REPORT_FILES && report_changes(&changes, row->changes) >= 0)
            add_text_member(j, "changes", changes.data);
        add_text_member(j, "sha256_before", row->before);
        add_text_member(j, "sha256_after", row->after);
        json_unsigned(j, "count", row->count ? row->count : 1);
        if (table == REPORT_PLACES) {
            json_unsigned(j, "bytes_out", row->sent);
            json_unsigned(j, "bytes_in", row->received);
        }
        json_bool(j, "verified", !row->observed);
        add_text_member(j, "rule", row->rule);
        add_text_member(j, "fix", row->fix);
        json_end(j);
    }
    json_end(j);
}

int report_json(const struct report *report, const char *file, const char *integrity, struct buf *out)
{
    struct json j = { .out = out };
    json_object(&j, NULL);
    json_string(&j, "id", report->id);
    json_string(&j, "profile", report->profile);
    json_string(&j, "host", report->host);
    json_array(&j, "command");
    for (size_t i = 0; i < report->argv.n; i++)
        json_string(&j, NULL, report->argv.v[i]);
    json_end(&j);
    json_string(&j, "directory", report->cwd);
    json_string(&j, "level", report->level);
    json_unsigned(&j, "began_ns", report->began_ns);
    json_unsigned(&j, "ended_ns", report->ended_ns);
    if (report->has_status)
        json_unsigned(&j, "status", report->status);
    add_text_member(&j, "ended_by", report->ended_by);
    add_text_member(&j, "log", file);
    add_text_member(&j, "integrity", integrity);
    json_unsigned(&j, "records", report->records);
    add_rows(&j, report, REPORT_NOTES, "attention");
    add_rows(&j, report, REPORT_FILES, "files");
    add_rows(&j, report, REPORT_READ, "read");
    add_rows(&j, report, REPORT_PROGRAMS, "programs");
    add_rows(&j, report, REPORT_PLACES, "network");
    add_rows(&j, report, REPORT_DENIED, "denied");
    json_end(&j);
    return json_finish(&j);
}
