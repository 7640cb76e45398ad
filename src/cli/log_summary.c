/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/log_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/prepare.h"
#include "cli/text.h"
#include "evidence/key.h"
#include "evidence/logs.h"
#include "evidence/report.h"
#include "evidence/verify.h"
#include "monitor/run_report.h"

/* Whether it can be believed, by the user's own key. */
static int check(struct log_file *log, struct buf *out)
{
    _cleanup_buf_ struct buf why = { 0 };
    uint8_t key[KEY_PUBLIC_SIZE];
    struct verify v;
    bool running = log_stream_is_live(&log->stream);
    int r = crypto_open(&why);
    if (r >= 0)
        r = log->dir < 0 ? -ENOENT : key_get_public(log->dir, key);
    if (r < 0)
        return buf_str(out, "not checked: there is no key of yours");
    r = verify_log(&log->stream, key, &v);
    if (r < 0)
        return r;
    if (v.result == VERIFY_WHOLE)
        return buf_printf(out, "checked: whole, all %" PRIu64 " records signed by your key", v.records);
    if (v.missing && v.at == 0)
        return buf_printf(out, "checked: records 1 to %" PRIu64 " are MISSING: %s; the others are whole", v.missing, v.why);
    if (v.result == VERIFY_CUT && running)
        return buf_printf(out, "checked: whole so far; its jail still runs");
    return buf_printf(out, "checked: %s at record %" PRIu64 ": %s", v.result == VERIFY_CUT ? "CUT" : "ALTERED", v.at, v.why);
}

static bool passes(const void *filter, const struct json_line *record)
{
    return log_filter_passes(filter, record);
}

static int compose(const struct policy_request *request, const struct log_filter *filter, struct log_file *log,
                   struct buf *out)
{
    _cleanup_buf_ struct buf integrity = { 0 };
    struct report report = { 0 };
    enum report_form form = request->json ? REPORT_JSON : request->summary ? report_form_of(request->summary) : REPORT_TEXT;
    int r = check(log, &integrity);
    if (r >= 0)
        r = log_stream_rewind(&log->stream);
    if (r >= 0)
        r = report_read(&report, &log->stream, passes, filter);
    report_sort(&report);
    if (r >= 0)
        r = report_print(&report, form, log->name.data, integrity.data, out);
    report_free(&report);
    return r;
}

int log_summary(const struct policy_request *request, const struct log_filter *filter, struct log_file *log)
{
    _cleanup_buf_ struct buf out = { 0 }, why = { 0 };
    struct run_report where = RUN_REPORT_EMPTY;
    int r = request->summary ? run_report_open(&where, request->summary, &why) : 0;
    if (r >= 0)
        r = compose(request, filter, log, &out);
    if (r >= 0 && !request->summary)
        return text_print(&out, r);
    if (r >= 0)
        r = run_report_put(where.dir, where.name, &out);
    if (r < 0 && !why.len)
        (void)buf_printf(&why, "the summary cannot be made: %s", strerror(-r));
    if (r < 0)
        run_note(why.data ? why.data : "out of memory");
    run_report_free(&where);
    return r < 0 ? 125 : 0;
}
