/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/refused_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "evidence/ocsf.h"
#include "monitor/observed.h"

/* Those that the guard performs. */
static const struct {
    unsigned number;
    const char *name;
} calls[] = {
#define CALL(name) { SYS_##name, #name }
#ifdef SYS_open
    CALL(open), CALL(creat), CALL(mkdir), CALL(mknod), CALL(symlink), CALL(link), CALL(unlink), CALL(rmdir), CALL(rename),
#endif
#ifdef SYS_renameat
    CALL(renameat),
#endif
    CALL(openat), CALL(mkdirat), CALL(mknodat), CALL(symlinkat), CALL(linkat), CALL(unlinkat), CALL(renameat2), CALL(truncate),
};

static void name_call(unsigned number, char *ret, size_t size)
{
    for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
        if (calls[i].number == number) {
            snprintf(ret, size, "%s", calls[i].name);
            return;
        }
    }
    snprintf(ret, size, "%u", number);
}

static void free_one(struct refused_name *one)
{
    free(one->exe);
    free(one->path);
    free(one->second);
    free(one->rule_text);
    free(one->fix);
}

static int copy(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return text && !*ret ? -ENOMEM : 0;
}

/* Which rule it was, as far as the plan knows; one of ours has no line to write instead. */
static int add_rule(struct refused_name *one, const struct plan *plan, uint32_t rule)
{
    _cleanup_buf_ struct buf text = { 0 }, fix = { 0 };
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

static int fill(struct refused_name *one, const struct plan *plan, const struct observed_message *m)
{
    struct event *e = &one->event;
    *e = EVENT_EMPTY;
    int r = add_rule(one, plan, m->head.rule);
    if (r >= 0)
        r = copy(m->texts[OBSERVED_EXE], &one->exe);
    if (r >= 0)
        r = copy(m->texts[OBSERVED_PATH], &one->path);
    if (r >= 0)
        r = copy(m->texts[OBSERVED_SECOND], &one->second);
    if (r < 0)
        return r;
    name_call(m->head.call, one->call, sizeof(one->call));
    e->kind = EVENT_FILE;
    e->activity = m->head.tried ? observed_activity((enum observed_kind)m->head.tried) : ACTIVITY_OTHER;
    e->verdict = EVENT_DENIED;
    e->source = SOURCE_INIT;
    e->verified = e->error_set = true;
    e->error = m->head.error;
    e->time_ns = m->head.time_ns;
    e->pid = (pid_t)m->head.pid;
    e->exe = one->exe;
    e->call = one->call;
    e->path = one->path;
    e->second = one->second;
    e->flags = m->head.flags;
    e->rule_text = one->rule_text;
    e->text = "protected";
    e->fix = one->fix;
    return 0;
}

/* Numbers come in order. What there is no memory for keeps its place, and is counted. */
static int take_first(struct refused_names *s, const struct plan *plan, const struct observed_message *m,
                      const struct event **ret_event)
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
    if (fill(one, plan, m) < 0) {
        free_one(one);
        *one = (struct refused_name){ .count = 1 };
        return 0;
    }
    *ret_event = &one->event;
    return 0;
}

int refused_names_take(struct refused_names *s, const struct plan *plan, const struct observed_message *m,
                       const struct event **ret_event)
{
    *ret_event = NULL;
    switch (m->head.kind) {
    case OBSERVED_REFUSED:
        return take_first(s, plan, m, ret_event);
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

/* "PATH" or "PATH to SECOND" */
static int add_subject(const struct refused_name *one, struct buf *out)
{
    int r = buf_str(out, one->path);
    return r < 0 || !one->second ? r : buf_printf(out, " to %s", one->second);
}

void refused_names_end(struct refused_names *s, void (*record)(void *context, const struct event *event), void *context,
                       struct summary *summary)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct refused_name *one = &s->list[i];
        _cleanup_buf_ struct buf subject = { 0 };
        if (!one->path || add_subject(one, &subject) < 0)
            continue;
        one->event.count = one->count;
        one->event.time_ns = 0;
        if (one->count > 1)
            record(context, &one->event);
        summary_denied_times(summary, event_activity_names[one->event.activity], subject.data, one->event.rule, one->fix,
                             one->count);
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
