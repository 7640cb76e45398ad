/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was denied while a jail ran, to be told once at its end: equal denials are one with a count. Bounded, whatever the
 * payload tries. */
#ifndef AGENTJAIL_EVIDENCE_SUMMARY_H
#define AGENTJAIL_EVIDENCE_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "profile/policy.h"

/* Different denials that are kept; of others only the number. */
enum { SUMMARY_MAX = 64, SUMMARY_SHOWN = 10, SUMMARY_TEXT_MAX = 256 };

struct summary_denial {
    const char *kind;              /* a word of ours, such as "connect"; static */
    char subject[SUMMARY_TEXT_MAX]; /* the payload's: anything but NUL */
    char fix[SUMMARY_TEXT_MAX];    /* what to write to allow it, or "" */
    struct origin rule;            /* what denied it; file NULL: nothing allows it */
    uint64_t count;
};

struct summary {
    struct summary_denial *v; /* SUMMARY_MAX of them, made with the first */
    size_t n;
    uint64_t more; /* denials that found no room */
};

/* Note one denial. kind and rule.file must outlive the summary; subject and fix are copied, cut off at SUMMARY_TEXT_MAX - 1
 * bytes. Never fails: what has no room is counted. */
void summary_denied(struct summary *summary, const char *kind, const char *subject, struct origin rule, const char *fix);

/* The same, of count denials at once. */
void summary_denied_times(struct summary *summary, const char *kind, const char *subject, struct origin rule, const char *fix,
                          uint64_t count);

/* Append the lines for people, safe for a terminal, the most frequent first; nothing if nothing was denied. 0 or
 * -ENOMEM. */
int summary_print(const struct summary *summary, struct buf *out);

/* The first remedy among the denials that summary_print() prints that is a line of a profile, and no option, as it was given;
 * NULL if there is none. */
const char *summary_remedy(const struct summary *summary);

/* Release what it holds and make it empty. */
void summary_free(struct summary *summary);

#endif
