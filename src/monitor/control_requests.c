/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/control_requests.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "base/record.h"
#include "monitor/freeze.h"
#include "monitor/loop.h"
#include "profile/net_change.h"
#include "profile/option.h"
#include "profile/types.h"

#define AT(stage) (1U << STAGE_##stage)

/* --- inspect: what only the monitor knows, as records --- */

static int add_record(struct buf *out, const char *const *fields, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++) {
        if (i)
            r = buf_char(out, '\t');
        if (r >= 0 && fields[i])
            r = record_field(out, fields[i], 2 * PATH_MAX);
    }
    return r < 0 ? r : buf_char(out, '\n');
}

#define ADD(out, ...)                                                            \
    add_record(out, (const char *const[]){ __VA_ARGS__ },                        \
               sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

/* "file:line", "command line", or nothing for what is built in. */
static const char *origin_text(struct origin origin, struct buf *text)
{
    buf_free(text);
    if (!origin.file)
        return "";
    bool words = origin.line == 0 || origin.line == ORIGIN_REASON;
    int r = !words ? buf_printf(text, "%s:%u", origin.file, origin.line) : buf_str(text, origin.file);
    return r < 0 ? "" : text->data;
}

static int add_values(const struct policy *p, struct buf *out)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        if (!o->section || !o->type->show)
            continue;
        _cleanup_buf_ struct buf value = { 0 }, origin = { 0 };
        int r = o->type->show(p, o, &value);
        if (r >= 0 && value.len)
            r = ADD(out, "value", o->section, o->key, value.data, origin_text(option_origin(p, o), &origin));
        if (r < 0)
            return r;
    }
    return 0;
}

static const char *grant_key(enum grant_kind kind)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].type == &type_grant && options[i].place.value == (size_t)kind)
            return options[i].key;
    return "?";
}

static int add_lists(const struct policy *p, struct buf *out)
{
    _cleanup_buf_ struct buf origin = { 0 };
    int r = 0;
    for (size_t i = 0; i < p->n_grants && r >= 0; i++) {
        const struct grant *g = &p->grants[i];
        r = ADD(out, "grant", grant_key(g->kind), g->path, origin_text(g->origin, &origin));
    }
    for (size_t i = 0; i < p->n_run_rules && r >= 0; i++)
        r = ADD(out, "program", p->run_rules[i].deny ? "deny" : "allow", p->run_rules[i].path,
                origin_text(p->run_rules[i].origin, &origin));
    /* Values stay here: they may be secrets. */
    for (size_t i = 0; i < p->n_env && r >= 0; i++)
        r = ADD(out, "env", p->env[i].name, p->env[i].value ? "set" : "passed on", origin_text(p->env[i].origin, &origin));
    return r;
}

static int add_network(const struct policy *p, struct buf *out)
{
    _cleanup_buf_ struct buf origin = { 0 };
    int r = 0;
    for (size_t i = 0; i < p->n_net_allow + p->n_net_deny && r >= 0; i++) {
        bool allows = i < p->n_net_allow;
        const struct net_rule *rule = allows ? &p->net_allow[i] : &p->net_deny[i - p->n_net_allow];
        r = ADD(out, "rule", allows ? "allow" : "deny", rule->text, origin_text(rule->origin, &origin));
    }
    for (size_t i = 0; i < p->n_host_ports + p->n_published && r >= 0; i++) {
        bool host = i < p->n_host_ports;
        const struct port_grant *g = host ? &p->host_ports[i] : &p->published[i - p->n_host_ports];
        char inside[8], outside[8];
        snprintf(inside, sizeof(inside), "%u", g->inside);
        snprintf(outside, sizeof(outside), "%u", g->outside);
        r = ADD(out, host ? "host-port" : "publish", inside, outside, origin_text(g->origin, &origin));
    }
    return r;
}

int control_describe(const struct policy *policy, struct buf *out)
{
    int r = add_values(policy, out);
    if (r >= 0)
        r = add_lists(policy, out);
    return r < 0 ? r : add_network(policy, out);
}

static int add_reached(const struct reached *reached, struct buf *out)
{
    int r = 0;
    for (size_t i = 0; i < reached->n && r >= 0; i++) {
        const struct gateway_event *e = &reached->list[i];
        char host[GATEWAY_NAME_SIZE], port[8], count[16], sent[24], received[24];
        snprintf(port, sizeof(port), "%u", e->port);
        snprintf(count, sizeof(count), "%u", e->count);
        snprintf(sent, sizeof(sent), "%llu", (unsigned long long)e->sent);
        snprintf(received, sizeof(received), "%llu", (unsigned long long)e->received);
        r = ADD(out, "reached", reached_protocol(e), reached_host(e, host), port, count, sent, received);
    }
    return r;
}

static int add_view(const struct plan *plan, struct buf *out)
{
    _cleanup_buf_ struct buf text = { 0 };
    int r = plan_print(plan, &text);
    for (char *rest = text.data, *line; r >= 0 && (line = record_line(&rest));)
        r = ADD(out, "view", line);
    return r;
}

static int add_now(const struct loop *l, struct buf *out)
{
    static const char *const stages[] = { [STAGE_BUILDING] = "building", [STAGE_READY] = "building",
                                          [STAGE_RUNNING] = "running", [STAGE_OVER] = "ending" };
    const char *state = stages[l->stage];
    if (l->ending || l->killed)
        state = "ending";
    else if (l->lost != SIZE_MAX)
        state = "held";
    else if (l->freeze != FREEZE_NONE)
        state = "frozen";
    int r = ADD(out, "state", state);
    if (r >= 0 && l->lost != SIZE_MAX)
        r = ADD(out, "lost", l->s->plan->ops[l->lost].target);
    if (r >= 0 && l->limit_at) {
        int64_t left = l->limit_at - loop_now();
        char text[32];
        snprintf(text, sizeof(text), "%lld", left > 0 ? (long long)left : 0LL);
        r = ADD(out, "time-left-ms", text);
    }
    return r;
}

static int serve_inspect(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    (void)fd;
    (void)request;
    const struct loop *l = monitor;
    const struct policy *p = l->s->policy;
    int r = add_now(l, answer);
    for (char *const *word = l->s->argv; *word && r >= 0; word++)
        r = ADD(answer, "argument", *word);
    if (r >= 0 && p->description)
        r = ADD(answer, "description", p->description);
    for (const char *const *file = p->files; file && *file && r >= 0; file++)
        r = ADD(answer, "file", *file);
    if (r >= 0)
        r = add_values(p, answer);
    if (r >= 0)
        r = add_lists(p, answer);
    if (r >= 0)
        r = add_network(p, answer);
    if (r >= 0)
        r = add_reached(&l->reached, answer);
    if (r >= 0)
        r = add_view(l->s->plan, answer);
    if (r < 0)
        buf_free(answer);
    return r;
}

/* --- the end --- */

static int serve_end(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    (void)fd;
    (void)request;
    (void)answer;
    struct loop *l = monitor;
    l->ended_by = "ended from outside, as its control socket was asked to";
    if (!l->ending)
        loop_end(l, SIGTERM);
    return 0;
}

static int serve_kill(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    (void)fd;
    (void)request;
    (void)answer;
    struct loop *l = monitor;
    l->ended_by = "killed by agentjail --kill";
    loop_kill(l);
    return 0;
}

/* --- freeze and thaw --- */

static int serve_freeze(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    (void)fd;
    (void)request;
    struct loop *l = monitor;
    int r = loop_freeze(l);
    if (r < 0)
        (void)buf_str(answer, "nothing runs that could be frozen");
    if (r < 0 || l->freeze == FREEZE_DONE)
        return r;
    return CONTROL_LATER; /* loop_on_frozen() */
}

static int serve_thaw(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    (void)fd;
    (void)request;
    (void)answer;
    loop_thaw(monitor);
    return 0;
}

/* --- changes: live_done() answers --- */

static int serve_grant(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    return live_rule(monitor, CONTROL_GRANT, request->text, TAKE_FD(*fd), answer);
}

static int serve_revoke(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    (void)fd;
    return live_rule(monitor, CONTROL_REVOKE, request->text, -1, answer);
}

/* False if the request's value is no pair of ports. */
static bool take_ports(const struct control_request *request, struct port_grant *ret)
{
    *ret = (struct port_grant){ .inside = (uint16_t)request->value, .outside = (uint16_t)(request->value >> 16),
                                .origin = { NET_CHANGE_ORIGIN, 0 } };
    return request->value > 0 && request->value <= UINT32_MAX && ret->inside && ret->outside;
}

static int serve_publish(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    struct port_grant grant;
    if (!take_ports(request, &grant) || *fd < 0)
        return buf_str(answer, "publish: no port, or no listener for it") < 0 ? -ENOMEM : -EINVAL;
    return live_publish(monitor, &grant, TAKE_FD(*fd), answer);
}

static int serve_unpublish(void *monitor, const struct control_request *request, int *fd, struct buf *answer)
{
    struct port_grant grant;
    (void)fd;
    if (!take_ports(request, &grant))
        return buf_str(answer, "unpublish: no port") < 0 ? -ENOMEM : -EINVAL;
    return live_unpublish(monitor, &grant, answer);
}

const struct control_row control_rows[CONTROL_KINDS] = {
    [CONTROL_INSPECT] = { AT(BUILDING) | AT(READY) | AT(RUNNING) | AT(OVER), false, serve_inspect },
    [CONTROL_END] = { AT(BUILDING) | AT(READY) | AT(RUNNING), false, serve_end },
    [CONTROL_KILL] = { AT(BUILDING) | AT(READY) | AT(RUNNING) | AT(OVER), false, serve_kill },
    [CONTROL_FREEZE] = { AT(RUNNING), false, serve_freeze },
    [CONTROL_THAW] = { AT(RUNNING), false, serve_thaw },
    [CONTROL_GRANT] = { AT(RUNNING), true, serve_grant },
    [CONTROL_REVOKE] = { AT(RUNNING), false, serve_revoke },
    [CONTROL_PUBLISH] = { AT(RUNNING), true, serve_publish },
    [CONTROL_UNPUBLISH] = { AT(RUNNING), false, serve_unpublish },
};
