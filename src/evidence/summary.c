/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/summary.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"

static void cut(char to[static SUMMARY_TEXT_MAX], const char *from)
{
    snprintf(to, SUMMARY_TEXT_MAX, "%s", from ? from : "");
}

void summary_denied(struct summary *summary, const char *kind, const char *subject, struct origin rule, const char *fix)
{
    summary_denied_times(summary, kind, subject, rule, fix, 1);
}

void summary_denied_times(struct summary *summary, const char *kind, const char *subject, struct origin rule, const char *fix,
                          uint64_t count)
{
    struct summary_denial denial = { .kind = kind, .rule = rule, .count = count };
    cut(denial.subject, subject);
    cut(denial.fix, fix);
    for (size_t i = 0; i < summary->n; i++) {
        struct summary_denial *d = &summary->v[i];
        if (strcmp(d->kind, kind) == 0 && strcmp(d->subject, denial.subject) == 0 && strcmp(d->fix, denial.fix) == 0) {
            d->count += count;
            return;
        }
    }
    if (!summary->v)
        summary->v = calloc(SUMMARY_MAX, sizeof(*summary->v));
    if (!summary->v || summary->n == SUMMARY_MAX) {
        summary->more++;
        return;
    }
    summary->v[summary->n++] = denial;
}

/* On one line, safe for a terminal. */
static int add_text(struct buf *out, const char *text)
{
    _cleanup_buf_ struct buf line = { 0 };
    int r = record_field(&line, text, SIZE_MAX);
    return r < 0 || !line.data ? r : buf_visible(out, line.data);
}

static int print_one(const struct summary_denial *d, struct buf *out)
{
    int r = buf_printf(out, "denied: %s ", d->kind);
    if (r >= 0)
        r = add_text(out, d->subject);
    if (r >= 0 && d->count > 1)
        r = buf_printf(out, " (%llu times)", (unsigned long long)d->count);
    if (r >= 0 && d->rule.file) {
        r = buf_str(out, ", by ");
        if (r >= 0)
            r = add_text(out, d->rule.file);
        if (r >= 0 && d->rule.line && d->rule.line != ORIGIN_REASON)
            r = buf_printf(out, ":%u", d->rule.line);
    }
    if (r >= 0 && d->fix[0]) {
        r = buf_str(out, "; to allow it write ");
        if (r >= 0)
            r = add_text(out, d->fix);
    }
    return r < 0 ? r : buf_char(out, '\n');
}

/* The next in order of count after `last`, earlier ones first among equals. */
static const struct summary_denial *next_most(const struct summary *s, const struct summary_denial *last)
{
    const struct summary_denial *best = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct summary_denial *d = &s->v[i];
        bool behind = !last || d->count < last->count || (d->count == last->count && d > last);
        if (behind && (!best || d->count > best->count))
            best = d;
    }
    return best;
}

int summary_print(const struct summary *summary, struct buf *out)
{
    const struct summary_denial *d = NULL;
    size_t shown = 0;
    int r = 0;
    while (r >= 0 && shown < SUMMARY_SHOWN && (d = next_most(summary, d))) {
        r = print_one(d, out);
        shown++;
    }
    size_t rest = summary->n - shown;
    if (r >= 0 && summary->more)
        r = buf_printf(out, "denied: more than %zu others\n", rest);
    else if (r >= 0 && rest)
        r = buf_printf(out, "denied: %zu others\n", rest);
    return r;
}

const char *summary_remedy(const struct summary *summary)
{
    const struct summary_denial *d = NULL;
    for (size_t shown = 0; shown < SUMMARY_SHOWN && (d = next_most(summary, d)); shown++)
        if (d->fix[0] && strncmp(d->fix, "--", 2) != 0)
            return d->fix;
    return NULL;
}

void summary_free(struct summary *summary)
{
    free(summary->v);
    *summary = (struct summary){ 0 };
}
