/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain_values.h"

#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "cli/explain_holds.h"
#include "cli/explain_programs.h"
#include "plan/guarded.h"
#include "profile/net_rule.h"
#include "profile/option.h"
#include "profile/types.h"

enum { VALUE_COLUMN = 40 };

static void add_origin(struct explain *e, struct origin origin)
{
    ADD(e, "  %s", explain_colour(e, EXPLAIN_DIM));
    if (!origin.file)
        ADD(e, "built in");
    else
        explain_add(e, origin.file);
    if (origin.file && origin.line && origin.line != ORIGIN_REASON)
        ADD(e, ":%u", origin.line);
    ADD(e, "%s", explain_colour(e, EXPLAIN_PLAIN));
}

/* "key = value" up to the column where its origin begins. */
static void add_value(struct explain *e, const char *key, const char *value)
{
    size_t begin = e->out->len;
    ADD(e, "%s", key);
    if (value) {
        ADD(e, " = ");
        explain_add(e, value);
    }
    size_t width = e->out->len - begin;
    ADD(e, "%*s", width < VALUE_COLUMN ? (int)(VALUE_COLUMN - width) : 0, "");
}

static void add_json(struct explain *e, const char *key, const char *value, struct origin origin, const char *note)
{
    struct json *j = e->json;
    bool words = origin.line == ORIGIN_REASON;
    json_object(j, NULL);
    json_string(j, "section", e->section);
    json_string(j, "key", key);
    json_string(j, "value", value);
    json_string(j, "file", words ? NULL : origin.file);
    if (origin.line && !words)
        json_unsigned(j, "line", origin.line);
    else
        json_null(j, "line");
    json_string(j, "reason", words ? origin.file : NULL);
    json_string(j, "note", note && *note ? note : NULL);
    json_end(j);
}

/* One value: where it was written, and what there is to say about it. warn: in red. */
static void add_item(struct explain *e, const char *key, const char *value, struct origin origin, const char *note, bool warn)
{
    if (e->json) {
        add_json(e, key, value, origin, note);
        return;
    }
    ADD(e, "%s", warn ? explain_colour(e, EXPLAIN_RED) : "");
    add_value(e, key, value);
    ADD(e, "%s", warn ? explain_colour(e, EXPLAIN_PLAIN) : "");
    add_origin(e, origin);
    if (note && *note) {
        ADD(e, "  %s", warn ? explain_colour(e, EXPLAIN_RED) : "");
        explain_add(e, note);
        ADD(e, "%s", warn ? explain_colour(e, EXPLAIN_PLAIN) : "");
    }
    ADD(e, "\n");
}

static void add_single(struct explain *e, const struct option *o)
{
    _cleanup_buf_ struct buf value = { 0 };
    int r = o->type->show(e->policy, o, &value);
    if (r < 0)
        e->result = r;
    bool open = o == &options[OPTION_NETWORK] && e->policy->network == NETWORK_HOST;
    explain_hold(e, o);
    add_item(e, o->key, value.data ? value.data : "", option_origin(e->policy, o), e->held.data, open);
}

/* What there is to say about a grant on this host. */
static const char *grant_state(const struct policy *policy, const struct grant *g)
{
    struct stat st;
    if (guarded_holds(policy, g))
        return guarded_glob(policy, g) ? "held by the guard" : "held by the guard: does not exist";
    if (g->kind == GRANT_SOCKET && !guarded_may(policy))
        return "NO FENCE around it: it can connect to every socket that it sees";
    if (g->kind == GRANT_SCRATCH || lstat(g->path, &st) == 0)
        return "";
    return g->kind == GRANT_PROTECT ? "not held: does not exist" : "does not exist";
}

static void add_grants(struct explain *e, const struct option *o)
{
    for (size_t i = 0; i < e->policy->n_grants; i++) {
        const struct grant *g = &e->policy->grants[i];
        if (o->type != &type_grant || g->kind != (enum grant_kind)o->place.value)
            continue;
        _cleanup_buf_ struct buf value = { 0 };
        int r = buf_printf(&value, "%s%s", g->optional ? "-" : "", g->path);
        if (r < 0)
            e->result = r;
        add_item(e, o->key, value.data ? value.data : "", g->origin, grant_state(e->policy, g), false);
    }
}

/* A rule as written, and what it means where that says more. */
static void add_rules(struct explain *e, const struct option *o)
{
    const struct policy *p = e->policy;
    bool denies = o->place.value == NET_RULE_DENY;
    size_t n = denies ? p->n_net_deny : p->n_net_allow;
    for (size_t i = 0; i < n; i++) {
        const struct net_rule *rule = denies ? &p->net_deny[i] : &p->net_allow[i];
        _cleanup_buf_ struct buf canonical = { 0 };
        int r = buf_str(&canonical, "= ");
        if (r >= 0)
            r = net_rule_format(rule, &canonical);
        if (r < 0)
            e->result = r;
        bool more = r >= 0 && strcmp(canonical.data + 2, rule->text) != 0;
        add_item(e, o->key, rule->text, rule->origin, more ? canonical.data : NULL, false);
    }
}

static void add_ports(struct explain *e, const struct option *o)
{
    const struct policy *p = e->policy;
    bool publish = o->place.value == PORT_PUBLISH;
    size_t n = publish ? p->n_published : p->n_host_ports;
    for (size_t i = 0; i < n; i++) {
        const struct port_grant *g = publish ? &p->published[i] : &p->host_ports[i];
        char text[16], note[48];
        bool moved = g->inside != g->outside;
        snprintf(text, sizeof(text), moved ? "%u:%u" : "%u", moved ? g->inside : g->outside, g->outside);
        snprintf(note, sizeof(note), publish ? "this host's 127.0.0.1:%u" : "host.agentjail.internal:%u", g->outside);
        add_item(e, o->key, text, g->origin, note, false);
    }
}

static void add_imports(struct explain *e, const struct option *o)
{
    for (size_t i = 0; i < e->policy->n_imports; i++) {
        const struct import *import = &e->policy->imports[i];
        if (import->credential != (bool)o->place.value)
            continue;
        _cleanup_buf_ struct buf value = { 0 };
        int r = buf_printf(&value, "%s%s", import->optional ? "-" : "", import->path);
        if (r < 0)
            e->result = r;
        add_item(e, o->key, value.data ? value.data : "", import->origin,
                 import->credential ? "only with --import-credentials" : "once, when the home is made", false);
    }
}

static void add_programs(struct explain *e, const struct option *o)
{
    for (size_t i = 0; i < e->policy->n_run_rules; i++) {
        const struct run_rule *rule = &e->policy->run_rules[i];
        if (rule->deny != (o == &options[OPTION_EXEC_DENY]))
            continue;
        _cleanup_buf_ struct buf value = { 0 };
        int r = buf_printf(&value, "%s%s%s%s", rule->optional ? "-" : "", rule->path, rule->sha256 ? " sha256:" : "",
                           rule->sha256 ? rule->sha256 : "");
        if (r < 0)
            e->result = r;
        const char *note = explain_program(e->policy, rule);
        add_item(e, o->key, value.data ? value.data : "", rule->origin, note, note);
    }
}

static void add_environment(struct explain *e)
{
    for (size_t i = 0; i < e->policy->n_env; i++) {
        const struct env_rule *rule = &e->policy->env[i];
        add_item(e, rule->name, rule->value, rule->origin, NULL, false);
    }
}

void explain_section(struct explain *e, const struct option_section *s, size_t last)
{
    e->section = s->name;
    if (!e->json)
        ADD(e, "\n[%s]\n", s->name);
    for (size_t i = s->first; i < last; i++) {
        const struct option *o = &options[i];
        if (o->type == &type_description)
            continue;
        if (o->type->show)
            add_single(e, o);
        else if (o == &options[OPTION_ENV])
            add_environment(e);
        else if (o->type == &type_import)
            add_imports(e, o);
        else if (o->type == &type_net_rule)
            add_rules(e, o);
        else if (o->type == &type_port)
            add_ports(e, o);
        else if (o->type == &type_run)
            add_programs(e, o);
        else
            add_grants(e, o);
    }
}
