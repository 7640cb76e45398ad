/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/observed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "evidence/evidence.h"
#include "monitor/account.h"
#include "monitor/alerts.h"
#include "monitor/learning.h"

enum { ROUND = 512 }; /* messages: the rest of the loop has its turn in between */

static const struct {
    enum event_kind kind;
    enum event_activity activity;
} events[OBSERVED_KINDS] = {
    [OBSERVED_EXEC] = { EVENT_PROCESS, ACTIVITY_EXEC },   [OBSERVED_READ] = { EVENT_FILE, ACTIVITY_OPEN },
    [OBSERVED_WRITE] = { EVENT_FILE, ACTIVITY_WRITE },    [OBSERVED_CREATE] = { EVENT_FILE, ACTIVITY_CREATE },
    [OBSERVED_REMOVE] = { EVENT_FILE, ACTIVITY_REMOVE },  [OBSERVED_RENAME] = { EVENT_FILE, ACTIVITY_RENAME },
    [OBSERVED_LINK] = { EVENT_FILE, ACTIVITY_LINK },      [OBSERVED_TRUNCATE] = { EVENT_FILE, ACTIVITY_TRUNCATE },
    [OBSERVED_MODE] = { EVENT_FILE, ACTIVITY_MODE },      [OBSERVED_ATTRIBUTE] = { EVENT_FILE, ACTIVITY_ATTRIBUTE },
    [OBSERVED_LOST] = { EVENT_INTEGRITY, ACTIVITY_OTHER },
};

enum event_activity observed_activity(enum observed_kind kind)
{
    return events[kind].activity;
}

/* A program goes by what it really is; the file that was asked for is told where it is another, as of a script. */
static void describe_run(struct event *e, const struct observed_message *m)
{
    const char *exe = m->texts[OBSERVED_EXE], *path = m->texts[OBSERVED_PATH];
    e->exe = exe ? exe : path;
    e->path = exe && strcmp(exe, path) != 0 ? path : NULL;
    e->cwd = m->texts[OBSERVED_CWD];
    e->argv = (char *const *)m->argv;
    e->parent = (pid_t)m->head.parent;
    e->cut = m->head.cut;
}

static void describe_file(struct event *e, const struct observed_message *m)
{
    e->exe = m->texts[OBSERVED_EXE];
    e->path = m->texts[OBSERVED_PATH];
    e->second = m->texts[OBSERVED_SECOND];
    e->flags = m->head.flags;
    e->mode = m->head.mode;
}

static void take(struct loop *l, const struct observed_message *m)
{
    _cleanup_buf_ struct buf lost = { 0 };
    struct event e = EVENT_EMPTY;
    e.kind = events[m->head.kind].kind;
    e.activity = events[m->head.kind].activity;
    e.source = SOURCE_INIT;
    e.verified = m->head.verified;
    e.time_ns = m->head.time_ns;
    e.pid = (pid_t)m->head.pid;
    e.error_set = m->head.error >= 0;
    e.error = m->head.error;
    if (m->head.kind == OBSERVED_EXEC) {
        describe_run(&e, m);
    } else if (m->head.kind == OBSERVED_LOST) {
        e.verified = true;
        e.count = m->head.flags;
        (void)buf_printf(&lost, "%u events of the command's were lost: the record was too slow for them", m->head.flags);
        e.text = lost.data;
    } else {
        describe_file(&e, m);
    }
    learning_event(l->s->learning, &e);
    if (m->head.kind == OBSERVED_READ && m->head.error > 0 && !m->head.verified)
        return; /* told for what is learned only */
    (void)evidence_record(l->s->evidence, &e);
}

/* What was refused. 0 or -EBADMSG. */
static int take_refused(struct loop *l, const struct observed_message *m)
{
    const struct event *first;
    int r = refused_names_take(&l->refused_names, l->s->policy, l->s->plan, m, &first);
    if (r >= 0 && first)
        (void)evidence_record(l->s->evidence, first);
    if (r >= 0)
        alerts_refused(l);
    return r == -EBADMSG ? r : 0;
}

static int take_any(struct loop *l, const struct observed_message *m)
{
    if (m->head.kind >= OBSERVED_REFUSED)
        return take_refused(l, m);
    take(l, m);
    return 0;
}

/* False at the end, or when there is nothing more. */
static bool take_one(struct loop *l, struct observed_message *m)
{
    int r = observed_receive(l->s->observed, m);
    if (r == -EAGAIN)
        return false;
    if (r == 0)
        r = take_any(l, m);
    if (r == 0)
        return true;
    cleanup_close(&l->s->observed);
    if (r != -EPIPE) {
        loop_say(l, "the jail's init told what it may not; ending the jail");
        loop_kill(l);
    }
    return false;
}

void observed_serve(struct loop *l)
{
    _cleanup_free_ struct observed_message *m = malloc(sizeof(*m));
    for (int i = 0; m && i < ROUND && l->s->observed >= 0 && take_one(l, m); i++)
        ;
}

static void record(void *context, const struct event *event)
{
    struct loop *l = context;
    (void)evidence_record(l->s->evidence, event);
}

void observed_end(struct loop *l)
{
    _cleanup_free_ struct observed_message *m = malloc(sizeof(*m));
    while (m && l->s->observed >= 0 && take_one(l, m))
        ;
    cleanup_close(&l->s->observed);
    refused_names_end(&l->refused_names, record, l, &l->summary);
    refused_names_free(&l->refused_names);
}
