/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/refused_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/ocsf.h"
#include "monitor/observed.h"
#include "monitor/refused_others.h"

static void free_one(struct refused_name *one)
{
    free(one->exe);
    free(one->path);
    free(one->second);
    free(one->rule_text);
    free(one->fix);
    free(one->words);
    free(one->subject);
}

static int copy(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return text && !*ret ? -ENOMEM : 0;
}

/* None: that there is no line is what refuses a socket. */
static int add_socket_rule(struct refused_name *one, const char *path)
{
    _cleanup_buf_ struct buf fix = { 0 };
    int r = buf_printf(&fix, "allow = %s in [sockets]", path ? path : "PATH");
    if (r < 0)
        return r;
    one->fix = buf_take(&fix);
    return one->fix ? 0 : -ENOMEM;
}

/* Which rule it was, as far as the plan knows; one of ours has no line to write instead. */
static int add_rule(struct refused_name *one, const struct plan *plan, uint32_t rule, const char *path)
{
    _cleanup_buf_ struct buf text = { 0 }, fix = { 0 };
    if (rule == OBSERVED_RULE_SOCKETS)
        return add_socket_rule(one, path);
    if (rule >= plan->guarded.n || rule >= plan->guarded_by.n)
        return 0;
    const char *by = plan->guarded_by.v[rule];
    one->event.rule = plan->guarded_origins[rule];
    if (!*by)
        return 0;
    int r = buf_printf(&text, "protect = %s", by);
    if (r >= 0)
        r = buf_printf(&fix, "unprotect = %s", by);
    if (r < 0)
        return r;
    one->rule_text = buf_take(&text);
    one->fix = buf_take(&fix);
    return one->rule_text && one->fix ? 0 : -ENOMEM;
}

/* "PATH" or "PATH to SECOND" */
static int add_subject(struct refused_name *one)
{
    _cleanup_buf_ struct buf out = { 0 };
    int r = buf_str(&out, one->path);
    if (r >= 0 && one->second)
        r = buf_printf(&out, " to %s", one->second);
    one->subject = r < 0 ? NULL : buf_take(&out);
    return one->subject ? 0 : -ENOMEM;
}

static int fill_name(struct refused_name *one, const struct plan *plan, const struct observed_message *m)
{
    struct event *e = &one->event;
    int r = add_rule(one, plan, m->head.rule, one->path);
    if (r < 0)
        return r;
    e->kind = EVENT_FILE;
    e->activity = m->head.tried ? observed_activity((enum observed_kind)m->head.tried) : ACTIVITY_OTHER;
    e->flags = m->head.flags;
    e->text = m->head.rule == OBSERVED_RULE_SOCKETS ? "no socket of the command's, nor granted" : "protected";
    return add_subject(one);
}

/* What all have; the rest by what it is. */
static int fill(struct refused_name *one, const struct policy *policy, const struct plan *plan,
                const struct observed_message *m)
{
    struct event *e = &one->event;
    bool denied = m->head.kind == OBSERVED_DENIED, program = m->head.kind == OBSERVED_UNRUN;
    *e = EVENT_EMPTY;
    int r = copy(m->texts[OBSERVED_EXE], &one->exe);
    if (r >= 0)
        r = copy(m->texts[OBSERVED_PATH], &one->path);
    if (r >= 0)
        r = copy(m->texts[OBSERVED_SECOND], &one->second);
    if (r < 0)
        return r;
    if (!program)
        call_name(denied ? m->head.rule : CALL_ARCHITECTURE, m->head.call, one->call);
    e->verdict = EVENT_DENIED;
    e->source = SOURCE_INIT;
    e->verified = e->error_set = true;
    e->error = m->head.error;
    e->time_ns = m->head.time_ns;
    e->pid = (pid_t)m->head.pid;
    e->exe = one->exe;
    e->call = program ? NULL : one->call;
    e->path = one->path;
    e->second = one->second;
    r = denied ? refused_call(one, policy, m) : program ? refused_program(one, policy, plan, m) : fill_name(one, plan, m);
    e->rule_text = one->rule_text;
    e->fix = one->fix;
    return r;
}

/* Numbers come in order. What there is no memory for keeps its place, and is counted. */
static int take_first(struct refused_names *s, const struct policy *policy, const struct plan *plan,
                      const struct observed_message *m, const struct event **ret_event)
{
    if (!s->list && !s->blind)
        s->list = calloc(OBSERVED_REFUSALS_MAX, sizeof(*s->list));
    if (!s->list) {
        s->blind = true;
        s->unkept++;
        return 0;
    }
    if (m->head.number != s->n || s->n == OBSERVED_REFUSALS_MAX)
        return -EBADMSG;
    struct refused_name *one = &s->list[s->n++];
    one->count = 1;
    if (fill(one, policy, plan, m) < 0) {
        free_one(one);
        *one = (struct refused_name){ .count = 1 };
        return 0;
    }
    *ret_event = &one->event;
    return 0;
}

int refused_names_take(struct refused_names *s, const struct policy *policy, const struct plan *plan,
                       const struct observed_message *m, const struct event **ret_event)
{
    *ret_event = NULL;
    switch (m->head.kind) {
    case OBSERVED_REFUSED:
    case OBSERVED_DENIED:
    case OBSERVED_UNRUN:
        return take_first(s, policy, plan, m, ret_event);
    case OBSERVED_REPEATED:
        if (s->blind)
            return 0;
        if (m->head.number >= s->n || m->head.count < s->list[m->head.number].count)
            return -EBADMSG;
        s->list[m->head.number].count = m->head.count;
        return 0;
    case OBSERVED_UNKEPT:
        s->unkept += m->head.flags;
        return 0;
    default:
        return -EBADMSG;
    }
}

uint64_t refused_names_count(const struct refused_names *s)
{
    uint64_t n = s->unkept;
    for (uint32_t i = 0; i < s->n; i++)
        n += s->list[i].count;
    return n;
}

void refused_names_end(struct refused_names *s, void (*record)(void *context, const struct event *event), void *context,
                       struct summary *summary)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct refused_name *one = &s->list[i];
        if (!one->subject)
            continue;
        one->event.count = one->count;
        one->event.time_ns = 0;
        one->event.argv = NULL; /* the first one's, as is the directory */
        one->event.cwd = NULL;
        if (one->count > 1)
            record(context, &one->event);
        summary_denied_times(summary, one->kind ? one->kind : event_activity_names[one->event.activity], one->subject,
                             one->event.rule, one->fix, one->count);
    }
    if (s->unkept) {
        _cleanup_buf_ struct buf text = { 0 };
        struct event e = EVENT_EMPTY;
        e.kind = EVENT_INTEGRITY;
        e.source = SOURCE_INIT;
        e.verified = true;
        e.count = s->unkept;
        if (buf_printf(&text, "%llu refused calls are not told one by one: there were too many different ones",
                       (unsigned long long)s->unkept) >= 0)
            e.text = text.data;
        record(context, &e);
    }
}

void refused_names_free(struct refused_names *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        free_one(&s->list[i]);
    free(s->list);
    *s = (struct refused_names){ 0 };
}
