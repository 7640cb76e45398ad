/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report may be wanted in the workspace, where names are the payload's, of this run and of earlier ones: its directory is
 * opened before the payload runs, and the file is made anew and renamed into its place, so that no link leads it elsewhere. */
#include "monitor/run_report.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/record.h"
#include "evidence/chain.h"
#include "evidence/evidence.h"
#include "monitor/loop.h"

enum { ROWS_SHOWN = 20 }; /* of a table, on the terminal */

int run_report_open(struct run_report *r, const char *file, struct buf *why)
{
    const char *slash = strrchr(file, '/');
    _cleanup_free_ char *dir = slash == file ? strdup("/") : slash ? strndup(file, (size_t)(slash - file)) : strdup(".");
    r->file = file;
    r->name = slash ? slash + 1 : file;
    if (!dir)
        return -ENOMEM;
    if (!*r->name || strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0) {
        (void)buf_printf(why, "--summary=%s: is a directory; write --summary=FILE.html", file);
        return -EISDIR;
    }
    r->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int e = r->dir < 0 || faccessat(r->dir, ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
    if (e < 0)
        (void)buf_printf(why, "--summary=%s: cannot be made there: %s", file, strerror(-e));
    return e;
}

int run_report_prepare(struct run_report *r, const char *file, const struct policy *policy, const struct plan *plan,
                       struct buf *why)
{
    if (!policy->summary)
        return 0;
    if (policy->evidence_sink == EVIDENCE_NONE || !policy->state_dir) {
        (void)buf_str(why, policy->state_dir ? "--summary: it is made of the record, and sink = none in [evidence] keeps none; "
                                               "leave one of the two out"
                                             : "--summary: it is made of the record, which has no place without a home");
        return -EINVAL;
    }
    int e = file ? run_report_open(r, file, why) : 0;
    if (e >= 0)
        e = crypto_open(why);
    if (e >= 0)
        e = snapshot_take(&r->before, plan, NULL, SNAPSHOT_LIMITS);
    return e;
}

/* --- the files --- */

static void tell_change(void *context, enum snapshot_change change, const struct snapshot_file *before,
                        const struct snapshot_file *after)
{
    static const enum event_activity activities[] = {
        [SNAPSHOT_CREATED] = ACTIVITY_CREATE, [SNAPSHOT_WRITTEN] = ACTIVITY_WRITE, [SNAPSHOT_TOUCHED] = ACTIVITY_MODE,
        [SNAPSHOT_REMOVED] = ACTIVITY_REMOVE,
    };
    struct loop *l = context;
    char was[2 * HASH_SIZE + 1] = "", is[2 * HASH_SIZE + 1] = "";
    struct event e = EVENT_EMPTY;
    e.kind = EVENT_FILE;
    e.activity = activities[change];
    e.verified = true;
    e.text = "seen when the jail had ended";
    if (before) {
        e.path = before->path;
        if (before->hashed)
            hex_write(was, before->hash, HASH_SIZE);
    }
    if (after) {
        e.path = after->path;
        if (after->hashed)
            hex_write(is, after->hash, HASH_SIZE);
    }
    e.before = *was ? was : NULL;
    e.digest = *is ? is : NULL;
    (void)evidence_record(l->s->evidence, &e);
}

void run_report_files(const struct run_report *r, struct loop *l)
{
    struct snapshot after;
    struct event cut = EVENT_EMPTY;
    cut.kind = EVENT_LIMIT;
    cut.verified = true;
    cut.text = "there are more files that the jail could write than are looked at: some changes are not told";
    if (!l->s->policy->summary || !l->s->evidence->on)
        return;
    if (snapshot_take(&after, l->s->plan, &r->before, SNAPSHOT_LIMITS) >= 0)
        snapshot_compare(&r->before, &after, tell_change, l);
    if (r->before.cut || after.cut)
        (void)evidence_record(l->s->evidence, &cut);
    snapshot_free(&after);
}

/* --- the report --- */

int run_report_put(int dir, const char *name, const struct buf *content)
{
    char temporary[64];
    snprintf(temporary, sizeof(temporary), ".agentjail-%ld.tmp", (long)getpid());
    unlinkat(dir, temporary, 0);
    _cleanup_close_ int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int e = 0;
    for (size_t done = 0; e == 0 && done < content->len;) {
        ssize_t n = write(fd, content->data + done, content->len - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            e = n == 0 ? -ENOSPC : -errno;
    }
    if (e == 0 && renameat(dir, temporary, dir, name) < 0)
        e = -errno;
    if (e < 0)
        unlinkat(dir, temporary, 0);
    return e;
}

static void print_lines(const struct loop *l, struct buf *text)
{
    for (char *rest = text->data, *line; rest && (line = record_line(&rest));)
        fprintf(stderr, "agentjail: %s%s\n", line, l->s->terminal ? "\r" : "");
}

void run_report_write(const struct run_report *r, const struct loop *l, struct log_stream *log, const char *log_name)
{
    _cleanup_buf_ struct buf out = { 0 }, told = { 0 };
    struct report report = { 0 };
    int e = report_read(&report, log, NULL, NULL);
    report_sort(&report);
    enum report_form form = r->file ? report_form_of(r->file) : REPORT_TEXT;
    const char *whole = "written just now; agentjail --verify tells whether it still is as it was";
    if (e >= 0 && !r->file)
        e = report_text(&report, log_name, NULL, ROWS_SHOWN, &out);
    else if (e >= 0)
        e = report_print(&report, form, log_name, whole, &out);
    if (e >= 0 && !r->file)
        print_lines(l, &out);
    else if (e >= 0)
        e = run_report_put(r->dir, r->name, &out);
    report_free(&report);
    if (e < 0 && buf_printf(&told, "the summary cannot be written%s%s: %s", r->file ? " to " : "", r->file ? r->file : "",
                            strerror(-e)) >= 0)
        loop_say(l, told.data);
}

void run_report_free(struct run_report *r)
{
    snapshot_free(&r->before);
    cleanup_close(&r->dir);
}
