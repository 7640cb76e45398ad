/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read may have been altered, and most strings in it are the payload's: everything is printed on one line, without
 * control characters. --verify tells whether it is as it was written. */
#include "cli/log.h"

#include <string.h>
#include <time.h>

#include "cli/log_filter.h"
#include "cli/log_open.h"
#include "cli/log_summary.h"
#include "cli/prepare.h"
#include "cli/text.h"

enum { LINE_MAX_BYTES = 1 << 20, FOLLOW_MS = 200 };

struct printer {
    struct log_filter filter;
    struct json_line *record;
    bool json, colour;
    struct buf out;
    int result;
};

static void add(struct printer *p, const char *text)
{
    if (p->result >= 0)
        p->result = buf_str(&p->out, text);
}

/* A string of the record, and what stands around it; false if it has none. */
static bool add_value(struct printer *p, const char *before, const char *place, const char *after)
{
    _cleanup_buf_ struct buf text = { 0 };
    const struct json_value *v = json_find(p->record, place);
    if (!v || v->kind == JSON_OBJECT || v->kind == JSON_ARRAY || p->result < 0)
        return false;
    add(p, before);
    int r = json_unescape(v, &text);
    if (r >= 0)
        r = text_line(&p->out, text.data ? text.data : "");
    if (r < 0)
        p->result = r;
    add(p, after);
    return true;
}

static void add_time(struct printer *p)
{
    uint64_t ns = 0;
    char text[32];
    struct tm tm;
    if (!log_time_of(p->record, &ns) || ns / 1000000000 > 253402300799)
        ns = 0;
    time_t seconds = (time_t)(ns / 1000000000);
    size_t n = localtime_r(&seconds, &tm) ? strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) : 0;
    snprintf(text + n, sizeof(text) - n, ".%03u  ", (unsigned)(ns / 1000000 % 1000));
    add(p, text);
}

static void add_argv(struct printer *p)
{
    const struct json_value *argv = json_find(p->record, "unmapped.argv");
    const struct json_value *word;
    for (size_t i = 0; argv && argv->kind == JSON_ARRAY && (word = json_element(p->record, argv, i)) && p->result >= 0; i++) {
        _cleanup_buf_ struct buf text = { 0 };
        int r = json_unescape(word, &text);
        add(p, " ");
        p->result = r < 0 ? r : text_line(&p->out, text.data ? text.data : "''");
    }
}

static void add_subject(struct printer *p)
{
    const struct json_value *kind = json_find(p->record, "unmapped.kind");
    if (json_is(kind, "file")) {
        add_value(p, " ", "file.path", "");
        add_value(p, " -> ", "file_result.path", "");
    } else if (json_is(kind, "process")) {
        if (!add_value(p, " ", "process.file.path", ""))
            add_value(p, " ", "process.cmd_line", "");
        add_argv(p);
        add_value(p, ", status ", "exit_code", "");
    } else if (json_is(kind, "network") || json_is(kind, "http") || json_is(kind, "dns")) {
        add_value(p, " ", "connection_info.protocol_name", "");
        if (!add_value(p, " ", "query.hostname", "") && !add_value(p, " ", "dst_endpoint.hostname", "") &&
            !add_value(p, " ", "dst_endpoint.ip", ""))
            add_value(p, " ", "dst_endpoint.svc_name", "");
        add_value(p, ":", "dst_endpoint.port", "");
        add_value(p, ", ", "traffic.bytes_out", " bytes out");
        add_value(p, ", ", "traffic.bytes_in", " in");
    } else if (json_is(kind, "decision")) {
        add_value(p, " ", "kernel.name", "");
    } else if (json_is(kind, "lifecycle")) {
        add_value(p, " ", "unmapped.profile", ":");
        add_argv(p);
        add_value(p, " status ", "unmapped.status", "");
    }
    if (!json_is(kind, "file"))
        add_value(p, " ", "unmapped.path", "");
}

/* One line for people. */
static void add_record(struct printer *p)
{
    const struct json_value *verdict = json_find(p->record, "unmapped.verdict");
    bool denied = verdict && verdict->len >= 6 && memcmp(verdict->text + verdict->len - 6, "denied", 6) == 0;
    add(p, p->colour ? "\033[2m" : "");
    add_time(p);
    add(p, p->colour ? (denied ? "\033[0;31m" : "\033[0m") : "");
    add_value(p, "", "unmapped.kind", " ");
    add_value(p, "", "unmapped.activity", "");
    if (!verdict || !json_is(verdict, "allowed"))
        add_value(p, " (", "unmapped.verdict", ")");
    add_subject(p);
    add_value(p, ", ", "count", " times");
    add_value(p, ": ", "message", "");
    add_value(p, ": ", "status_code", "");
    add(p, p->colour ? "\033[0;2m" : "");
    if (add_value(p, "  [pid ", "actor.process.pid", ""))
        add_value(p, " ", "actor.process.name", "");
    if (json_find(p->record, "actor.process.pid"))
        add(p, "]");
    add_value(p, "  by ", "unmapped.rule", "");
    add_value(p, "; to allow it write ", "unmapped.fix", "");
    add(p, p->colour ? "\033[0m\n" : "\n");
}

static void take_line(struct printer *p, const char *line, size_t len)
{
    if (json_read(p->record, line, len) < 0) {
        if (!p->json)
            add(p, "(a line that is no record)\n");
        return;
    }
    if (!log_filter_passes(&p->filter, p->record))
        return;
    if (!p->json) {
        add_record(p);
    } else if (p->result >= 0) {
        p->result = buf_add(&p->out, line, len);
        add(p, "\n");
    }
}

/* The whole lines that are in. What is left of the last moves to the front. */
static void take_lines(struct printer *p, struct buf *in)
{
    char *at = in->data, *end = in->data + in->len, *newline;
    while (at < end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
        take_line(p, at, (size_t)(newline - at));
        at = newline + 1;
    }
    in->len = (size_t)(end - at);
    memmove(in->data, at, in->len);
    if (in->len > LINE_MAX_BYTES) {
        add(p, "(a line that is no record)\n");
        in->len = 0;
    }
}

static int show(struct printer *p)
{
    int status = text_print(&p->out, p->result);
    p->out.len = 0;
    return fflush(stdout) != 0 ? 125 : status;
}

/* Up to the end; when following, for as long as the jail's monitor writes it. */
static int print_log(struct printer *p, struct log_stream *log, bool follow)
{
    _cleanup_buf_ struct buf in = { 0 };
    char block[65536];
    bool open = follow;
    int status = 0;
    while (status == 0) {
        bool was_open = open && log_stream_is_live(log); /* before what it may still have written is read */
        ssize_t n = log_stream_read(log, block, sizeof(block));
        if (n > 0) {
            if (buf_add(&in, block, (size_t)n) < 0)
                return text_print(&p->out, -ENOMEM);
            take_lines(p, &in);
            status = show(p);
        } else if (n == 0 && was_open) {
            nanosleep(&(struct timespec){ .tv_nsec = FOLLOW_MS * 1000000L }, NULL);
        } else {
            return n < 0 ? text_print(&p->out, (int)n) : 0;
        }
    }
    return status;
}

int log_main(const struct policy_request *request)
{
    _cleanup_log_ struct log_file log = LOG_FILE_EMPTY;
    _cleanup_buf_ struct buf why = { 0 };
    _cleanup_free_ struct json_line *record = malloc(sizeof(*record));
    struct printer p = { .record = record, .json = request->json };
    bool follow = false;
    if (!record || log_filter_parse(request, &p.filter, &why) < 0) {
        run_note(why.data ? why.data : "out of memory");
        return 125;
    }
    for (size_t i = 0; i < request->n_options; i++)
        follow |= request->options[i].option == &options[OPTION_LOG_FOLLOW];
    int status = log_open(request, &log);
    if (status != 0)
        return status;
    if (request->summarise) {
        if (!follow)
            return log_summary(request, &p.filter, &log);
        run_note("--follow: has no meaning with --summary, which tells what has been; leave one of the two out");
        return 125;
    }
    p.colour = !p.json && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    status = print_log(&p, &log.stream, follow);
    buf_free(&p.out);
    return status;
}
