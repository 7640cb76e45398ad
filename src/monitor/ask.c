/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/account.h"
#include "monitor/ask.h"

#include <errno.h>
#include <string.h>

#include "gateway/verdict.h"
#include "monitor/drop_in.h"
#include "monitor/egress_policy.h"
#include "monitor/gateway.h"
#include "monitor/live.h"
#include "monitor/loop.h"
#include "monitor/open_url.h"
#include "profile/net_change.h"
#include "terminal/terminal.h"

enum answer_word { WORD_ONCE, WORD_RUN, WORD_PROFILE, WORD_NO, WORD_NEVER, WORD_OPEN, N_WORDS };

#define BIT(word) (1 << WORD_##word)

static const char *const words[N_WORDS + 1] = { "once", "run", "profile", "no", "never", "\001", NULL };
/* No profile to write to. */
static const char *const words_fixed[N_WORDS + 1] = { "once", "run", "\001", "no", "never", "\001", NULL };
static const char *const words_page[N_WORDS + 1] = { "\001", "\001", "\001", "no", "never", "open", NULL };
static const char *const labels[N_WORDS + 1] = { "Once", "For this run", "Write to profile", "No", "Never", "Open", NULL };

#define MINUTE 60000
#define RULES_CHANGED (-100) /* as an answer, beside enum terminal_answer */

static bool asks(const struct policy *policy)
{
    return policy->network == NETWORK_FILTERED && policy->unknown == UNKNOWN_ASK;
}

bool ask_needs_library(const struct policy *policy)
{
    return (asks(policy) || (open_url_wanted(policy) && policy->open_url == OPEN_URL_ASK)) && desktop_reachable();
}

void ask_init(struct ask *ask, const struct policy *policy)
{
    *ask = (struct ask){ .desktop = DESKTOP_EMPTY };
    if (open_url_wanted(policy) || (asks(policy) && desktop_reachable()))
        (void)desktop_start(&ask->desktop, policy, labels); /* without, the terminal is left */
}

/* --- what is told to whom --- */

static void tell_gateway(const struct loop *l, uint32_t id, enum gateway_answer verdict, unsigned seconds)
{
    (void)gateway_answer(l->s->gateway, id, verdict, seconds); /* who gets none refuses, when its time is over */
}

/* NAME:PORT */
static int add_rule(const struct ask_question *q, struct buf *out)
{
    return buf_printf(out, "%s:%u", q->name, q->port);
}

static int compose_terminal(const struct policy *policy, const struct ask_question *q, struct buf *out)
{
    _cleanup_buf_ struct buf path = { 0 };
    int r = buf_printf(out,
                       "agentjail asks: may the command connect to this host? No rule speaks of it.\n \n"
                       "    %s  port %u\n \n"
                       "Type one of these words and Enter. No answer within %d seconds is no.\n"
                       "    once     now, and for the next minute\n"
                       "    run      until the command ends\n",
                       q->name, q->port, ASK_TIME / 1000);
    if (r >= 0 && drop_in_possible(policy)) {
        r = drop_in_path(policy, &path);
        if (r >= 0)
            r = buf_str(out, "    profile  always: written to ");
        if (r >= 0)
            r = buf_visible(out, path.data);
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    return r < 0 ? r : buf_str(out, "    no\n    never    no, and ask no more in this run\n");
}

/* --- asking --- */

static bool ask_terminal(struct loop *l, const struct ask_question *q)
{
    _cleanup_buf_ struct buf text = { 0 };
    const struct policy *policy = l->s->policy;
    if (q->page)
        return open_url_compose(l, false, &text) >= 0 && terminal_ask(l->s->terminal, text.data, words_page) >= 0;
    return compose_terminal(policy, q, &text) >= 0 &&
           terminal_ask(l->s->terminal, text.data, drop_in_possible(policy) ? words : words_fixed) >= 0;
}

static bool ask_desktop_page(struct loop *l, struct desktop_message *m)
{
    _cleanup_buf_ struct buf text = { 0 };
    m->value = BIT(OPEN) | BIT(NO) | BIT(NEVER);
    if (open_url_compose(l, true, &text) < 0)
        return false;
    snprintf(m->text, sizeof(m->text), "%s (agentjail): open a page of %s?\n%s", l->s->policy->name, l->open.url.host,
             text.data);
    return desktop_send(&l->ask.desktop, m) >= 0;
}

static bool ask_desktop(struct loop *l, const struct ask_question *q)
{
    struct desktop_message m = { .kind = DESKTOP_ASK, .id = q->id };
    if (l->ask.desktop.fd < 0)
        return false;
    if (q->page)
        return ask_desktop_page(l, &m);
    m.value = BIT(ONCE) | BIT(RUN) | BIT(PROFILE) | BIT(NO) | BIT(NEVER);
    if (!drop_in_possible(l->s->policy))
        m.value &= ~(1 << WORD_PROFILE);
    snprintf(m.text, sizeof(m.text), "%s (agentjail): connect to %s?\nport %u; no rule speaks of it. No answer is no.",
             l->s->policy->name, q->name, q->port);
    return desktop_send(&l->ask.desktop, &m) >= 0;
}

/* The first question is over. */
static void drop_first(struct ask *a)
{
    a->n--;
    memmove(&a->list[0], &a->list[1], a->n * sizeof(a->list[0]));
    a->way = ASK_NOT;
}

static void nobody(struct loop *l)
{
    struct ask *a = &l->ask;
    if (a->list[0].page) {
        drop_first(a);
        open_url_answered(l, OPEN_NOBODY, false);
        return;
    }
    if (!a->told && !l->s->policy->quiet)
        loop_say(l, "unknown = ask: there is no terminal of ours and no notification service to ask on; names without a rule "
                    "are denied");
    a->told = true;
    tell_gateway(l, a->list[0].id, ANSWER_NONE, ASK_UNANSWERED);
    drop_first(a);
}

/* Ask the first that waits, if nothing is being asked. The command may be faster than init, which says that it runs: before,
 * there is no terminal to ask on. */
static void go_on(struct loop *l)
{
    struct ask *a = &l->ask;
    while (l->stage >= STAGE_RUNNING && a->way == ASK_NOT && a->n) {
        const struct ask_question *q = &a->list[0];
        if (ask_terminal(l, q))
            a->way = ASK_TERMINAL;
        else if (ask_desktop(l, q))
            a->way = ASK_DESKTOP;
        else
            nobody(l);
    }
}

/* More than a person should be asked? */
static bool too_often(struct ask *a, int64_t now)
{
    if (now - a->minute_begins >= MINUTE) {
        a->minute_begins = now;
        a->in_minute = 0;
    }
    return a->in_minute >= ASK_MINUTE_MAX || a->n == ASK_WAITING_MAX;
}

void ask_event(struct loop *l, const struct gateway_event *e)
{
    struct ask *a = &l->ask;
    _cleanup_buf_ struct buf rule = { 0 }, why = { 0 };
    struct ask_question q = { .id = e->count, .port = e->port, .until = loop_now() + ASK_TIME };
    memcpy(q.name, e->name, sizeof(q.name));
    if (l->stage == STAGE_OVER || l->s->policy->unknown != UNKNOWN_ASK || add_rule(&q, &rule) < 0 ||
        net_grant_check(l->s->policy, rule.data, &why) < 0) { /* a ceiling, or no name that a rule could have */
        tell_gateway(l, q.id, ANSWER_DENY, 0);
    } else if (too_often(a, loop_now())) {
        tell_gateway(l, q.id, ANSWER_NONE, ASK_UNANSWERED);
    } else {
        a->in_minute++;
        a->list[a->n++] = q;
        go_on(l);
    }
}

bool ask_page(struct loop *l, uint32_t id)
{
    struct ask *a = &l->ask;
    if (a->n == ASK_WAITING_MAX)
        return false;
    a->list[a->n++] = (struct ask_question){ .page = true, .id = id, .until = loop_now() + ASK_TIME };
    go_on(l);
    return true;
}

/* --- answers --- */

/* Of a page; the question is not in the list any more. */
static void answered_page(struct loop *l, int word)
{
    enum open_result result = word == WORD_OPEN ? OPEN_DONE
                              : word == WORD_NO || word == WORD_NEVER || word == TERMINAL_REFUSED ? OPEN_REFUSED
                                                                                                   : OPEN_UNANSWERED;
    if (word >= 0 && word < N_WORDS)
        account_answer(l, l->open.url.host, l->open.url.port, word == WORD_OPEN, words_page[word]);
    open_url_answered(l, result, word == WORD_NEVER);
}

/* All that ask about names have the same answer. */
static void drop_names(struct ask *a)
{
    for (size_t i = a->n; i-- > 1;) {
        if (a->list[i].page)
            continue;
        a->n--;
        memmove(&a->list[i], &a->list[i + 1], (a->n - i) * sizeof(a->list[0]));
    }
}

/* Until the end: as a rule, which --inspect shows and --revoke takes back. While another change is under way, or the policy is
 * full, the gateway remembers it as an answer. */
static void allow(struct loop *l, const struct ask_question *q, bool write)
{
    _cleanup_buf_ struct buf why = { 0 }, rule = { 0 }, unused = { 0 };
    if (write && drop_in_allow(l->s->policy, q->name, q->port, &why) < 0)
        loop_say(l, why.data ? why.data : "no memory");
    if (add_rule(q, &rule) >= 0 && live_rule(l, CONTROL_GRANT, rule.data, -1, &unused) >= 0)
        tell_gateway(l, q->id, ANSWER_OVER, 0); /* the rule has let them go on */
    else
        tell_gateway(l, q->id, ANSWER_ALLOW, 0);
}

static void answered(struct loop *l, int word)
{
    struct ask *a = &l->ask;
    struct ask_question q = a->list[0];
    if (a->way == ASK_TERMINAL)
        terminal_ask_end(l->s->terminal);
    if (q.page) {
        drop_first(a);
        answered_page(l, word);
        return;
    }
    if (word >= 0 && word < N_WORDS)
        account_answer(l, q.name, q.port, word != WORD_NO && word != WORD_NEVER, words[word]);
    switch (word) {
    case WORD_ONCE:
        tell_gateway(l, q.id, ANSWER_ALLOW, ASK_ONCE);
        break;
    case WORD_RUN:
    case WORD_PROFILE:
        allow(l, &q, word == WORD_PROFILE);
        break;
    case WORD_NEVER:
        tell_gateway(l, q.id, ANSWER_NEVER, 0);
        drop_names(a);
        break;
    case RULES_CHANGED:
        tell_gateway(l, q.id, ANSWER_OVER, 0);
        break;
    case WORD_NO:
    case TERMINAL_REFUSED:
        tell_gateway(l, q.id, ANSWER_DENY, 0);
        break;
    default:
        tell_gateway(l, q.id, ANSWER_NONE, ASK_UNANSWERED);
    }
    drop_first(a);
}

static bool still_unknown(const struct egress_policy *policy, const struct ask_question *q)
{
    struct decision d;
    if (q->page)
        return true;
    verdict_connect(policy, q->name, q->port, false, &d);
    return d.verdict == VERDICT_ASK;
}

/* Take the question back that is being asked. */
static void take_back(struct loop *l, int as)
{
    struct ask *a = &l->ask;
    struct desktop_message m = { .kind = DESKTOP_FORGET, .id = a->list[0].id };
    if (a->way == ASK_DESKTOP)
        (void)desktop_send(&a->desktop, &m);
    answered(l, as);
}

/* One that waits its turn is over. */
static void drop(struct loop *l, size_t i, enum gateway_answer verdict, unsigned seconds)
{
    struct ask *a = &l->ask;
    bool page = a->list[i].page;
    if (!page)
        tell_gateway(l, a->list[i].id, verdict, seconds);
    a->n--;
    memmove(&a->list[i], &a->list[i + 1], (a->n - i) * sizeof(a->list[0]));
    if (page)
        open_url_answered(l, OPEN_UNANSWERED, false);
}

void ask_rules_changed(struct loop *l)
{
    struct ask *a = &l->ask;
    _cleanup_egress_source_ struct egress_source source = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    struct policy rules = *l->s->policy;
    rules.upstream = (struct upstream){ 0 }; /* its password's file is of no interest here */
    if (!a->n || egress_source_fill(&rules, &source, &why) < 0)
        return;
    for (size_t i = a->n; i-- > 1;)
        if (!still_unknown(&source.egress, &a->list[i]))
            drop(l, i, ANSWER_OVER, 0);
    if (!still_unknown(&source.egress, &a->list[0]))
        take_back(l, RULES_CHANGED);
}

/* Questions whose time is over, from the last on: the first may be on the screen. */
static void drop_late(struct loop *l)
{
    struct ask *a = &l->ask;
    int64_t now = loop_now();
    for (size_t i = a->n; i-- > 0;) {
        if (a->list[i].until > now)
            continue;
        if (i == 0) {
            take_back(l, TERMINAL_GONE);
            continue;
        }
        drop(l, i, ANSWER_NONE, ASK_UNANSWERED);
    }
}

static void serve_desktop(struct loop *l)
{
    struct ask *a = &l->ask;
    struct desktop_message m;
    int r;
    for (;;) {
        _cleanup_close_ int fd = -1;
        r = desktop_receive(&a->desktop, &m, &fd);
        if (r < 0)
            break;
        if (m.kind == DESKTOP_LISTENING || m.kind == DESKTOP_OPENED)
            open_url_desktop(l, &m, &fd);
        if (m.kind != DESKTOP_ANSWER || a->way != ASK_DESKTOP || !a->n || m.id != a->list[0].id)
            continue; /* late */
        if (m.value == DESKTOP_NOBODY)
            nobody(l);
        else
            answered(l, m.value == DESKTOP_CLOSED || m.value < 0 || m.value >= N_WORDS ? TERMINAL_GONE : m.value);
    }
    if (r != -EAGAIN) {
        desktop_end(&a->desktop);
        if (a->way == ASK_DESKTOP)
            nobody(l);
    }
}

struct pollfd ask_pollfd(const struct ask *ask)
{
    return (struct pollfd){ .fd = ask->desktop.fd, .events = POLLIN };
}

int64_t ask_next(const struct ask *ask)
{
    return ask->n ? ask->list[0].until : 0; /* they came in this order */
}

void ask_serve(struct loop *l, bool desktop_ready)
{
    struct ask *a = &l->ask;
    if (desktop_ready)
        serve_desktop(l);
    if (a->way == ASK_TERMINAL) {
        int word = terminal_answered(l->s->terminal);
        if (word != TERMINAL_ASKING)
            answered(l, word);
    }
    if (a->n)
        drop_late(l);
    go_on(l);
}

void ask_end(struct loop *l)
{
    terminal_ask_end(l->s->terminal);
    desktop_end(&l->ask.desktop);
}
