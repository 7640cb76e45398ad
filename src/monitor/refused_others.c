/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/refused_others.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "monitor/refused_names.h"

/* What was written, NULL if nothing was. */
static char *take(struct buf *b)
{
    return b->len ? buf_take(b) : NULL;
}

/* --- system calls --- */

/* A filter of the user's, built on the one in use. */
static int add_filter_fix(const struct refused_name *one, const struct policy *p, const struct observed *head, struct buf *fix)
{
    int r = buf_printf(fix, "--filter=FILE, a file with the lines \"include %s\" and \"allow %s", p->filter.value, one->call);
    if (r >= 0 && head->mode >= 0)
        r = buf_printf(fix, " if arg%d == %#x", head->mode, head->flags);
    return r < 0 ? r : buf_char(fix, '"');
}

int refused_call(struct refused_name *one, const struct policy *policy, const struct observed_message *m)
{
    const struct observed *head = &m->head;
    _cleanup_buf_ struct buf rule = { 0 }, fix = { 0 }, what = { 0 }, words = { 0 };
    int r = buf_str(&what, one->call);
    if (r >= 0 && head->mode >= 0)
        r = buf_printf(&what, " with %#x as argument %d", head->flags, head->mode);
    if (r >= 0 && policy->filter.value)
        r = buf_printf(&rule, "filter = %s", policy->filter.value);
    bool named = policy->filter.value && !strchr(policy->filter.value, '/') && strchr("0123456789", one->call[0]) == NULL;
    if (r >= 0 && named)
        r = add_filter_fix(one, policy, head, &fix);
    if (r >= 0 && head->mode >= 0)
        r = buf_printf(&words, "argument %d is %#x", head->mode, head->flags);
    if (r < 0)
        return r;
    one->subject = take(&what);
    one->rule_text = take(&rule);
    one->fix = take(&fix);
    one->words = take(&words);
    one->kind = "call";
    one->event.kind = EVENT_DECISION;
    one->event.activity = ACTIVITY_CALL;
    one->event.rule = policy->filter.origin;
    one->event.text = one->words;
    return one->subject ? 0 : -ENOMEM;
}

/* --- programs --- */

/* The line of [exec] deny that the place has its mark from. */
static const struct run_rule *denying(const struct policy *p, const struct op *op)
{
    for (size_t i = 0; i < p->n_run_rules; i++) {
        const struct run_rule *rule = &p->run_rules[i];
        if (rule->deny && rule->origin.file == op->origin.file && rule->origin.line == op->origin.line)
            return rule;
    }
    return NULL;
}

/* rule, fix: what is written, or would be. */
static int find_rule(struct refused_name *one, const struct policy *p, const struct plan *plan, uint32_t by, struct buf *rule,
                     struct buf *fix)
{
    struct event *e = &one->event;
    const struct op *op = by < plan->n ? &plan->ops[by] : NULL;
    if (by == (uint32_t)OBSERVED_BY_SPAWN) {
        e->rule = p->no_spawn_origin;
        int r = buf_str(rule, "spawn = no");
        return r < 0 ? r : buf_str(fix, "--spawn=yes");
    }
    if (op && op->flags & OP_DENIED) {
        const struct run_rule *line = denying(p, op);
        e->rule = op->origin;
        int r = buf_printf(rule, "deny = %s", line ? line->path : op->target);
        return r < 0 ? r : buf_str(fix, "--exec-deny= with nothing behind it, which empties the list");
    }
    if (plan->run_listed && (!op || op->flags & (OP_NO_EXEC | OP_MAP_ONLY))) {
        e->rule = plan->run_origin;
        int r = buf_str(rule, "allow = (the list of [exec])");
        return r < 0 ? r : buf_printf(fix, "--exec-allow=%s", one->path);
    }
    e->rule = op ? op->origin : (struct origin){ 0 };
    return buf_printf(fix, "--exec=%s", op ? op->target : one->path);
}

int refused_program(struct refused_name *one, const struct policy *policy, const struct plan *plan,
                    const struct observed_message *m)
{
    _cleanup_buf_ struct buf rule = { 0 }, fix = { 0 };
    int r = find_rule(one, policy, plan, m->head.rule, &rule, &fix);
    if (r < 0)
        return r;
    one->subject = strdup(one->path);
    one->rule_text = take(&rule);
    one->fix = take(&fix);
    one->kind = "exec";
    one->event.kind = EVENT_PROCESS;
    one->event.activity = ACTIVITY_EXEC;
    one->event.exe = one->path;
    one->event.path = one->second;
    one->event.second = NULL;
    one->event.argv = (char *const *)m->argv;
    one->event.cwd = m->texts[OBSERVED_CWD];
    one->event.parent = (pid_t)m->head.parent;
    one->event.cut = m->head.cut;
    return one->subject ? 0 : -ENOMEM;
}
