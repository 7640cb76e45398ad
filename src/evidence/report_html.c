/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A report as one page that needs nothing: no script, no font, no image, no other file, and by its own policy it may have none.
 * Every string of the log goes through add_text(), which leaves no character that HTML has a meaning for. */
#include <string.h>
#include <time.h>

#include "evidence/report.h"

enum { OPEN_ROWS = 25 }; /* more are folded away */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n";

static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1c2430;--soft:#5d6878;--line:#e2e6ec;--good:#147a4a;"
    "--bad:#b3261e;--warn:#9a6200;--accent:#2f5fd0;--chip:#eef1f6}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2029;--ink:#e6eaf0;--soft:#97a3b4;--line:#2b3440;"
    "--good:#58c78f;--bad:#ff8a80;--warn:#e9b44c;--accent:#86a9ff;--chip:#242c37}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    "main{max-width:1080px;margin:0 auto;padding:32px 20px 56px}\n"
    "h1{font-size:15px;font-weight:600;color:var(--soft);margin:0 0 6px}"
    ".cmd{font:600 20px/1.4 ui-monospace,'DejaVu Sans Mono',Menlo,monospace;overflow-wrap:anywhere;margin:0 0 14px}\n"
    ".facts{display:flex;flex-wrap:wrap;gap:6px 22px;color:var(--soft);margin:0 0 22px}.facts b{color:var(--ink);"
    "font-weight:500;overflow-wrap:anywhere}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 22px}\n"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}"
    ".card b{display:block;font-size:26px;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}"
    ".card span{color:var(--soft);font-size:13px}.card.bad b{color:var(--bad)}.card.good b{color:var(--good)}"
    ".card.none b{color:var(--soft)}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:0 0 16px;overflow:auto}\n"
    "h2{font-size:16px;margin:0;padding:13px 16px;display:flex;gap:10px;align-items:baseline}h2 small{color:var(--soft);"
    "font-weight:400;font-size:13px}\n"
    "table{width:100%;border-collapse:collapse;border-top:1px solid var(--line)}td,th{padding:7px 16px;text-align:left;"
    "vertical-align:top;border-top:1px solid var(--line)}th{font-size:12px;color:var(--soft);font-weight:500;border-top:0}"
    "tr:first-child td{border-top:0}th.w{width:1%}.h{white-space:nowrap}section.warn{border-color:var(--warn)}"
    "section.warn h2{color:var(--warn)}\n"
    ".m{font:13px/1.5 ui-monospace,'DejaVu Sans Mono',Menlo,monospace;overflow-wrap:anywhere}.n{text-align:right;"
    "white-space:nowrap;font-variant-numeric:tabular-nums}.s{color:var(--soft);font-size:13px}\n"
    ".chip{display:inline-block;background:var(--chip);border-radius:6px;padding:1px 8px;font-size:12.5px;white-space:nowrap}"
    ".chip.removed,.chip.denied{color:var(--bad)}.chip.created{color:var(--good)}.chip.warn{color:var(--warn)}\n"
    ".bar{height:6px;border-radius:3px;background:var(--chip);margin-top:5px;overflow:hidden;min-width:90px}"
    ".bar i{display:block;height:100%;background:var(--accent)}\n"
    "details summary{padding:9px 16px;color:var(--accent);cursor:pointer;border-top:1px solid var(--line)}\n"
    "p.e{margin:0;padding:0 16px 14px;color:var(--soft)}footer{color:var(--soft);font-size:13px;margin-top:22px;"
    "overflow-wrap:anywhere}\n"
    "@media(max-width:640px){.r{display:none}td,th{padding:7px 10px}}\n"
    "@media print{body{background:#fff}section,.card{break-inside:avoid}}\n"
    "</style>\n";

/* Out of the payload's reach: nothing that HTML takes for its own, on one line. */
static int add_text(struct buf *out, const char *text)
{
    _cleanup_buf_ struct buf line = { 0 };
    int r = report_line(&line, text);
    for (const char *p = line.data; r >= 0 && p && *p; p++) {
        switch (*p) {
        case '&':
            r = buf_str(out, "&amp;");
            break;
        case '<':
            r = buf_str(out, "&lt;");
            break;
        case '>':
            r = buf_str(out, "&gt;");
            break;
        case '"':
            r = buf_str(out, "&quot;");
            break;
        case '\'':
            r = buf_str(out, "&#39;");
            break;
        default:
            r = buf_char(out, *p);
        }
    }
    return r;
}

/* Markup of ours, text of anybody's, markup of ours. */
static int add_between(struct buf *out, const char *before, const char *text, const char *after)
{
    int r = buf_str(out, before);
    if (r >= 0)
        r = add_text(out, text);
    return r < 0 ? r : buf_str(out, after);
}

static int add_time(struct buf *out, uint64_t ns)
{
    char text[40];
    struct tm tm;
    time_t t = (time_t)(ns / 1000000000);
    bool known = ns && gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
    return buf_str(out, known ? text : "?");
}

/* --- the top --- */

static int add_card(struct buf *out, const char *class, uint64_t number, bool more, const char *title)
{
    return buf_printf(out, "<div class=\"card%s\"><b>%llu%s</b><span>%s</span></div>\n", class, (unsigned long long)number,
                      more ? "+" : "", title);
}

static int add_count(struct buf *out, const struct report *report, enum report_table table, const char *bad, const char *title)
{
    size_t n = report->tables[table].n;
    if (!n && !report_is_known(report, table))
        return buf_printf(out, "<div class=\"card none\"><b>&ndash;</b><span>%s</span></div>\n", title);
    return add_card(out, n ? bad : "", n, report->tables[table].more, title);
}

static int add_traffic(struct buf *out, const struct report *report)
{
    uint64_t sent = 0;
    for (size_t i = 0; i < report->tables[REPORT_PLACES].n; i++)
        sent += report->tables[REPORT_PLACES].v[i].sent;
    int r = buf_str(out, "<div class=\"card\"><b>");
    if (r >= 0)
        r = report_bytes(out, sent);
    return r < 0 ? r : buf_str(out, "</b><span>sent out</span></div>\n");
}

static int add_cards(struct buf *out, const struct report *report)
{
    bool good = report->has_status && report->status == 0;
    int r = buf_printf(out, "<div class=\"cards\">\n<div class=\"card %s\"><b>", good ? "good" : "bad");
    if (r >= 0)
        r = !report->has_status ? buf_str(out, "?")
            : report->status > 128 ? buf_printf(out, "signal %llu", (unsigned long long)report->status - 128)
                                   : buf_printf(out, "%llu", (unsigned long long)report->status);
    if (r >= 0)
        r = buf_printf(out, "</b><span>%s</span></div>\n", report->status > 128 ? "ended by" : "exit status");
    if (r >= 0)
        r = add_count(out, report, REPORT_FILES, "", "files changed");
    if (r >= 0)
        r = add_count(out, report, REPORT_PROGRAMS, "", "programs run");
    if (r >= 0)
        r = add_count(out, report, REPORT_PLACES, "", "places reached");
    if (r >= 0)
        r = add_traffic(out, report);
    if (r >= 0)
        r = add_count(out, report, REPORT_DENIED, " bad", "denied");
    return r < 0 ? r : buf_str(out, "</div>\n");
}

static int add_fact(struct buf *out, const char *title, const char *value)
{
    if (!value)
        return 0;
    int r = buf_printf(out, "<span>%s <b>", title);
    if (r >= 0)
        r = add_text(out, value);
    return r < 0 ? r : buf_str(out, "</b></span>\n");
}

static int add_top(struct buf *out, const struct report *report)
{
    _cleanup_buf_ struct buf command = { 0 }, took = { 0 }, began = { 0 };
    int r = report_command(&command, report);
    if (r >= 0)
        r = report_duration(&took, report);
    if (r >= 0)
        r = add_time(&began, report->began_ns);
    if (r >= 0)
        r = buf_str(out, head);
    if (r >= 0)
        r = add_between(out, "<title>", command.data, " - agentjail</title>\n");
    if (r >= 0)
        r = buf_str(out, style);
    if (r >= 0)
        r = add_between(out, "</head>\n<body>\n<main>\n<h1>What the jail did</h1>\n<p class=\"cmd\">", command.data,
                        "</p>\n<div class=\"facts\">\n");
    if (r >= 0)
        r = add_fact(out, "began", began.data);
    if (r >= 0)
        r = add_fact(out, "took", took.data);
    if (r >= 0)
        r = add_fact(out, "in", report->cwd);
    if (r >= 0)
        r = add_fact(out, "profile", report->profile);
    if (r >= 0)
        r = add_fact(out, "on", report->host);
    if (r >= 0)
        r = add_fact(out, "jail", report->id);
    if (r >= 0)
        r = add_fact(out, "ended:", report->ended_by);
    return r < 0 ? r : buf_str(out, "</div>\n");
}

/* --- tables --- */

static int add_hash(struct buf *out, const char *hash)
{
    return buf_printf(out, "<td class=\"m s h\" title=\"SHA-256 %s\">%.12s</td>", *hash ? hash : "not known",
                      *hash ? hash : "-");
}

static int add_file(struct buf *out, const struct report_row *row)
{
    _cleanup_buf_ struct buf changes = { 0 };
    const char *class = row->changes & REPORT_REMOVED ? "removed" : row->changes & REPORT_CREATED ? "created" : "written";
    int r = report_changes(&changes, row->changes);
    if (r >= 0)
        r = buf_printf(out, "<tr><td><span class=\"chip %s\">%s</span></td>", class, changes.data ? changes.data : "read");
    if (r >= 0)
        r = add_between(out, "<td class=\"m\">", row->subject, "</td>");
    if (r >= 0 && row->changes)
        r = add_hash(out, row->before);
    if (r >= 0 && row->changes)
        r = add_hash(out, row->after);
    return r < 0 ? r : buf_str(out, "</tr>\n");
}

static int add_place(struct buf *out, const struct report_row *row, uint64_t most)
{
    uint64_t bytes = row->sent + row->received;
    int r = add_between(out, "<tr><td><span class=\"chip\">", row->detail ? row->detail : "?", "</span></td>");
    if (r >= 0)
        r = add_between(out, "<td class=\"m\">", row->subject, "");
    if (r >= 0 && most)
        r = buf_printf(out, "<div class=\"bar\"><i style=\"width:%u%%\"></i></div>",
                       (unsigned)((double)bytes * 100 / (double)most + 0.5));
    if (r >= 0)
        r = buf_printf(out, "</td><td class=\"n\">%llu</td><td class=\"n\">",
                       (unsigned long long)(row->count ? row->count : 1));
    if (r >= 0)
        r = report_bytes(out, row->sent);
    if (r >= 0)
        r = buf_str(out, "</td><td class=\"n\">");
    if (r >= 0)
        r = report_bytes(out, row->received);
    if (r >= 0)
        r = add_between(out, "</td><td class=\"m s r\">", row->rule ? row->rule : "", "</td></tr>\n");
    return r;
}

static int add_program(struct buf *out, const struct report_row *row)
{
    int r = add_between(out, "<tr><td class=\"m\">", row->subject, "</td>");
    if (r >= 0)
        r = add_between(out, "<td class=\"m s\">", row->detail ? row->detail : "", "</td>");
    return r < 0 ? r : buf_printf(out, "<td class=\"n\">%llu</td></tr>\n", (unsigned long long)row->count);
}

static int add_denial(struct buf *out, const struct report_row *row)
{
    int r = add_between(out, "<tr><td class=\"m\">", row->subject, "");
    if (r >= 0 && row->detail)
        r = add_between(out, "<div class=\"s\">", row->detail, "</div>");
    if (r >= 0 && row->fix)
        r = add_between(out, "<div class=\"s\">to allow it: ", row->fix, "</div>");
    if (r >= 0)
        r = add_between(out, "</td><td class=\"m s\">", row->rule ? row->rule : "", "</td>");
    return r < 0 ? r : buf_printf(out, "<td class=\"n\">%llu</td></tr>\n", (unsigned long long)row->count);
}

static int add_row(struct buf *out, enum report_table table, const struct report_row *row, uint64_t most)
{
    switch (table) {
    case REPORT_FILES:
    case REPORT_READ:
        return add_file(out, row);
    case REPORT_PROGRAMS:
        return add_program(out, row);
    case REPORT_PLACES:
        return add_place(out, row, most);
    default:
        return add_denial(out, row);
    }
}

static int add_rows(struct buf *out, const struct report *report, enum report_table table, size_t from, size_t to,
                    const char *columns)
{
    uint64_t most = 0;
    for (size_t i = 0; table == REPORT_PLACES && i < report->tables[table].n; i++) {
        const struct report_row *row = &report->tables[table].v[i];
        most = row->sent + row->received > most ? row->sent + row->received : most;
    }
    int r = buf_printf(out, "<table>\n%s", columns);
    for (size_t i = from; i < to && r >= 0; i++)
        r = add_row(out, table, &report->tables[table].v[i], most);
    return r < 0 ? r : buf_str(out, "</table>\n");
}

static int add_section(struct buf *out, const struct report *report, enum report_table table, const char *title,
                       const char *columns, const char *nothing)
{
    size_t n = report->tables[table].n, shown = n > OPEN_ROWS ? OPEN_ROWS : n;
    const char *gap = report_gap(report, table);
    if (!n && !nothing)
        return 0;
    int r = buf_printf(out, "<section%s>\n<h2>%s", table == REPORT_NOTES ? " class=\"warn\"" : "", title);
    if (r >= 0 && n)
        r = buf_printf(out, " <small>%zu%s%s%s</small>", n, report->tables[table].more ? " and more" : "", gap ? "; " : "",
                       gap ? gap : "");
    if (r >= 0)
        r = buf_str(out, "</h2>\n");
    if (r >= 0)
        r = n ? add_rows(out, report, table, 0, shown, columns)
              : buf_printf(out, "<p class=\"e\">%s</p>\n", report_is_known(report, table) ? nothing : gap);
    if (r >= 0 && n > shown) {
        r = buf_printf(out, "<details><summary>%zu more</summary>\n", n - shown);
        if (r >= 0)
            r = add_rows(out, report, table, shown, n, columns);
        if (r >= 0)
            r = buf_str(out, "</details>\n");
    }
    return r < 0 ? r : buf_str(out, "</section>\n");
}

static int add_tables(struct buf *out, const struct report *report)
{
    static const struct {
        enum report_table table;
        const char *title, *columns, *nothing;
    } tables[] = {
        { REPORT_NOTES, "Attention", "", NULL },
        { REPORT_DENIED, "Denied", "<tr><th>what</th><th>by</th><th class=\"n\">times</th></tr>\n", "nothing was denied" },
        { REPORT_PLACES, "Network", "<tr><th class=\"w\"></th><th>place</th><th class=\"n\">connections</th>"
          "<th class=\"n\">out</th>"
          "<th class=\"n\">in</th><th class=\"r\">rule</th></tr>\n", "no place was reached" },
        { REPORT_FILES, "Files changed", "<tr><th class=\"w\"></th><th>file</th>"
          "<th class=\"w\">before</th><th class=\"w\">after</th></tr>\n",
          "none was changed" },
        { REPORT_PROGRAMS, "Programs run", "<tr><th>program</th><th>command line</th><th class=\"n\">times</th></tr>\n",
          "none was run" },
        { REPORT_READ, "Files read", "<tr><th class=\"w\"></th><th>file</th></tr>\n", NULL },
    };
    int r = 0;
    for (size_t i = 0; i < ELEMENTSOF(tables) && r >= 0; i++)
        r = add_section(out, report, tables[i].table, tables[i].title, tables[i].columns, tables[i].nothing);
    return r;
}

int report_html(const struct report *report, const char *file, const char *integrity, struct buf *out)
{
    int r = add_top(out, report);
    if (r >= 0)
        r = add_cards(out, report);
    if (r >= 0)
        r = add_tables(out, report);
    if (r >= 0)
        r = buf_printf(out, "<footer>%llu records", (unsigned long long)report->records);
    if (r >= 0 && report->strange)
        r = buf_printf(out, ", and %llu lines that are none", (unsigned long long)report->strange);
    if (r >= 0 && file)
        r = add_between(out, " in ", file, "");
    if (r >= 0 && integrity)
        r = add_between(out, "; ", integrity, "");
    return r < 0 ? r : buf_str(out, "</footer>\n</main>\n</body>\n</html>\n");
}
