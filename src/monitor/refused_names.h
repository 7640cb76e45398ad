/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that were refused, by the guard or the filter, and programs: each thing once, as init tells it, with its latest count;
 * for the record, and in the end for people. Internal to this folder. */
#ifndef AGENTJAIL_MONITOR_REFUSED_NAMES_H
#define AGENTJAIL_MONITOR_REFUSED_NAMES_H

#include <stdint.h>

#include "evidence/event.h"
#include "evidence/summary.h"
#include "ipc/observed.h"
#include "plan/plan.h"
#include "profile/policy.h"
#include "sys/call_name.h"

/* One of them; strings are owned but for those of rule. */
struct refused_name {
    struct event event; /* its strings are these: */
    char *exe, *path, *second, *rule_text, *fix, *words;
    char call[CALL_NAME_SIZE];
    const char *kind; /* for the summary, a word of ours; NULL: the activity's */
    char *subject;    /* the same; NULL: there was no memory for it */
    uint32_t count;
};

struct refused_names {
    struct refused_name *list; /* OBSERVED_REFUSALS_MAX of them, made with the first; owned */
    uint32_t n;
    bool blind;                /* there was no memory for it: all are among */
    uint64_t unkept;           /* those that were none of these */
};

/* Take in a message of kind OBSERVED_REFUSED or above, by the rules of that policy and its plan. The event that it is to be
 * recorded as, valid until the next call and as long as m, in *ret_event; NULL: it is recorded in the end, or there is no
 * memory. 0, -ENOMEM, or -EBADMSG where init may not say so. */
int refused_names_take(struct refused_names *names, const struct policy *policy, const struct plan *plan,
                       const struct observed_message *m, const struct event **ret_event);

/* How many there were. */
uint64_t refused_names_count(const struct refused_names *names);

/* Hand those that came more than once to record, as events with their counts, and all to the summary: what, by which rule, and
 * what to write to allow it. */
void refused_names_end(struct refused_names *names, void (*record)(void *context, const struct event *event), void *context,
                       struct summary *summary);

/* Release what it holds and make it empty. */
void refused_names_free(struct refused_names *names);

#endif
