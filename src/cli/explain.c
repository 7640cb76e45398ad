/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"

#include <string.h>
#include <sys/stat.h>

#include "profile/net_rule.h"
#include "base/json.h"
#include "profile/option.h"
#include "profile/types.h"
#include "profile/upstream.h"

enum { VALUE_COLUMN = 40 };

static const char red[] = "\033[1;31m", dim[] = "\033[2m", plain[] = "\033[0m";

struct explain {
    const struct policy *policy;
    const struct host_features *host; /* may be NULL */
    struct buf *out;
    bool colour;
    struct json *json;  /* values go there instead of to out */
    const char *section;
    struct buf held;    /* what holds the value at hand */
    struct buf missing; /* what this host lacks, a line each */
    int result;
};

/* The first failure stays in e->result, so that the code below reads as what it prints. */
#define ADD(e, ...)                                          \
    do {                                                     \
        if ((e)->result >= 0)                                \
            (e)->result = buf_printf((e)->out, __VA_ARGS__); \
    } while (0)
#define HELD(e, ...)                                           \
    do {                                                       \
        if ((e)->result >= 0)                                  \
            (e)->result = buf_printf(&(e)->held, __VA_ARGS__); \
    } while (0)
#define MISSING(e, ...)                                           \
    do {                                                          \
        if ((e)->result >= 0)                                     \
            (e)->result = buf_printf(&(e)->missing, __VA_ARGS__); \
    } while (0)

static const char *colour(const struct explain *e, const char *code)
{
    return e->colour ? code : "";
}

/* Text from outside: control bytes must not reach the terminal. */
static void add_text(struct explain *e, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool c1 = p[0] == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0; /* U+0080 to U+009F */
        if (*p < 0x20 || *p == 0x7F || *p == '\\' || c1)
            ADD(e, "\\%03o", *p);
        else
            ADD(e, "%c", *p);
    }
}

static void add_origin(struct explain *e, struct origin origin)
{
    ADD(e, "  %s", colour(e, dim));
    if (!origin.file)
        ADD(e, "built in");
    else
        add_text(e, origin.file);
    if (origin.file && origin.line && origin.line != ORIGIN_REASON)
        ADD(e, ":%u", origin.line);
    ADD(e, "%s", colour(e, plain));
}

/* --- what holds each value --- */

static void hold_backend(struct explain *e)
{
    HELD(e, "user (two), mount, pid, ipc, uts, cgroup namespaces");
    if (e->host && e->host->userns != USERNS_WORKS) {
        const char *fix = host_userns_fix(e->host->userns);
        MISSING(e, "namespaces: %s: no jail here%s%s\n", host_userns_text(e->host->userns),
                fix ? "; mend it with: " : "", fix ? fix : "");
    }
}

static void hold_network(struct explain *e)
{
    if (e->policy->network == NETWORK_NONE)
        HELD(e, "an empty network namespace");
    else if (e->policy->network == NETWORK_FILTERED)
        HELD(e, e->policy->n_net_allow ? "the gateway: only what the rules allow" : "the gateway: no rule, nothing allowed");
    else if (e->policy->network == NETWORK_OPEN)
        HELD(e, "the gateway: all public addresses");
    else
        HELD(e, "NOTHING: every address and port that this host reaches, and its local services");
}

/* A gateway is what holds the rules; only these two modes have one. */
static bool has_gateway(const struct policy *p)
{
    return p->network == NETWORK_FILTERED || p->network == NETWORK_OPEN;
}

static void hold_dns(struct explain *e)
{
    if (has_gateway(e->policy))
        HELD(e, e->policy->dns == DNS_SYNTHETIC ? "the gateway: each name has an address of its own"
                                                : "the gateway: a connection counts for all names of its address");
}

static void hold_upstream(struct explain *e)
{
    const struct upstream *u = &e->policy->upstream;
    _cleanup_buf_ struct buf text = { 0 };
    int r = upstream_format(u, &text);
    if (r < 0)
        e->result = r;
    else if (u->from_env)
        HELD(e, "%s%s%s", text.data ? text.data : "no proxy in the environment", u->exceptions ? ", but not for " : "",
             u->exceptions ? u->exceptions : "");
}

static void hold_loopback(struct explain *e)
{
    const struct policy *p = e->policy;
    if (p->network != NETWORK_NONE || p->loopback)
        return;
    HELD(e, "Landlock: no TCP at all");
    if (p->landlock.value && e->host && e->host->landlock_abi >= 2 && e->host->landlock_abi < 4)
        MISSING(e, "Landlock ABI 4 for loopback = no: TCP on the jail's own 127.0.0.1 works\n");
}

static void hold_filter(struct explain *e)
{
    HELD(e, "seccomp");
    if (e->host && !(e->host->seccomp & HOST_SECCOMP_ERRNO))
        MISSING(e, "seccomp: this kernel or container has no system call filters\n");
}

static void hold_landlock(struct explain *e)
{
    const struct host_features *h = e->host;
    if (!e->policy->landlock.value) {
        HELD(e, "switched off");
        return;
    }
    if (!h) {
        HELD(e, "Landlock");
        return;
    }
    if (h->landlock_abi < 2) {
        HELD(e, "nothing here");
        MISSING(e, "Landlock: %s; the mounts and the filter hold alone\n",
                h->landlock_abi        ? "this kernel's would refuse every rename between directories"
                : h->landlock_disabled ? "switched off at boot (lsm=)"
                                       : "this kernel has none");
        return;
    }
    HELD(e, "Landlock, ABI %d", h->landlock_abi);
    for (int abi = h->landlock_abi + 1; host_landlock_text(abi) && abi <= 6; abi++)
        MISSING(e, "Landlock ABI %d: %s\n", abi, host_landlock_text(abi));
    if (e->policy->nested)
        MISSING(e, "Landlock for files: cannot be had with nested = allow\n");
}

static void hold_label(struct explain *e)
{
    const struct host_features *h = e->host;
    if (!e->policy->label.value)
        return;
    if (!h || h->apparmor || h->selinux) {
        HELD(e, "%s", h && h->selinux ? "SELinux" : h ? "AppArmor" : "the security module");
        return;
    }
    HELD(e, "nothing here");
    MISSING(e, "label: this kernel runs neither AppArmor nor SELinux\n");
}

static void hold_nested(struct explain *e)
{
    HELD(e, e->policy->nested ? "NOTHING between it and the kernel's namespace and mount code"
                              : "seccomp and the second user namespace");
}

static void hold_terminal(struct explain *e)
{
    HELD(e, e->policy->terminal == TERMINAL_SAFE ? "a terminal of its own, output filtered"
                                                 : "a terminal of its own, output NOT filtered");
}

static void hold_strict(struct explain *e)
{
    HELD(e, e->policy->strict ? "it does not run where a fence is missing" : "fences with '-' may be missing");
}

static void hold_home(struct explain *e)
{
    const struct policy *p = e->policy;
    if (p->home == HOME_PERSISTENT)
        HELD(e, "%s, kept in %s", p->home_target, p->home_source);
    else
        HELD(e, "%s, %s", p->home_target, p->home == HOME_NONE ? "empty and read-only" : "empty, gone at the end");
}

static void hold_workspace(struct explain *e)
{
    const struct policy *p = e->policy;
    if (p->workspace_note)
        HELD(e, "%s", p->workspace_note);
    else if (p->workspace_default)
        HELD(e, "found around the current directory");
}

/* A limit that only a control group holds. */
static void hold_in_cgroup(struct explain *e, const struct limit *limit, unsigned controller, const char *name)
{
    static const char *const ways[] = {
        [HOST_CGROUP_NONE] = "nothing here",
        [HOST_CGROUP_DELEGATED] = "a delegated control group",
        [HOST_CGROUP_SCOPE] = "a scope of systemd",
    };
    if (!limit->set)
        return;
    bool there = !e->host || (e->host->cgroup_way != HOST_CGROUP_NONE && (e->host->controllers & controller));
    if (!e->host)
        HELD(e, "a control group");
    else
        HELD(e, "%s", ways[there ? e->host->cgroup_way : HOST_CGROUP_NONE]);
    if (!there)
        MISSING(e, "control group for %s: %s\n", name,
                limit->optional ? "the limit is left out" : "the command will not run");
}

static void hold_memory(struct explain *e)
{
    hold_in_cgroup(e, &e->policy->memory, CONTROLLER_MEMORY, "memory");
}

static void hold_cpu(struct explain *e)
{
    hold_in_cgroup(e, &e->policy->cpu, CONTROLLER_CPU, "cpu");
}

static void hold_processes(struct explain *e)
{
    hold_in_cgroup(e, &e->policy->processes, CONTROLLER_PIDS, "processes");
}

static void hold_time(struct explain *e)
{
    if (e->policy->time.set)
        HELD(e, "the monitor: TERM, and KILL 2 s later");
}

static void (*const holds[N_OPTIONS])(struct explain *) = {
    [OPTION_BACKEND] = hold_backend, [OPTION_NETWORK] = hold_network,     [OPTION_LOOPBACK] = hold_loopback,
    [OPTION_FILTER] = hold_filter,   [OPTION_LANDLOCK] = hold_landlock,   [OPTION_LABEL] = hold_label,
    [OPTION_NESTED] = hold_nested,   [OPTION_TERMINAL] = hold_terminal,   [OPTION_STRICT] = hold_strict,
    [OPTION_DNS] = hold_dns,         [OPTION_UPSTREAM] = hold_upstream,
    [OPTION_HOME] = hold_home,       [OPTION_WORKSPACE] = hold_workspace, [OPTION_MEMORY] = hold_memory,
    [OPTION_CPU] = hold_cpu,         [OPTION_PROCESSES] = hold_processes, [OPTION_TIME] = hold_time,
};

/* --- values --- */

/* "key = value" up to the column where its origin begins. */
static void add_value(struct explain *e, const char *key, const char *value)
{
    size_t begin = e->out->len;
    ADD(e, "%s", key);
    if (value) {
        ADD(e, " = ");
        add_text(e, value);
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
    ADD(e, "%s", warn ? colour(e, red) : "");
    add_value(e, key, value);
    ADD(e, "%s", warn ? colour(e, plain) : "");
    add_origin(e, origin);
    if (note && *note) {
        ADD(e, "  %s", warn ? colour(e, red) : "");
        add_text(e, note);
        ADD(e, "%s", warn ? colour(e, plain) : "");
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
    buf_free(&e->held);
    if (holds[o - options])
        holds[o - options](e);
    add_item(e, o->key, value.data ? value.data : "", option_origin(e->policy, o), e->held.data, open);
}

/* What there is to say about a grant on this host. */
static const char *grant_state(const struct grant *g)
{
    struct stat st;
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
        add_item(e, o->key, value.data ? value.data : "", g->origin, grant_state(g), false);
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

static void add_environment(struct explain *e)
{
    for (size_t i = 0; i < e->policy->n_env; i++) {
        const struct env_rule *rule = &e->policy->env[i];
        add_item(e, rule->name, rule->value, rule->origin, NULL, false);
    }
}

static void add_section(struct explain *e, const struct option_section *s, size_t last)
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
        else
            add_grants(e, o);
    }
}

/* --- the whole --- */

static void add_head(struct explain *e)
{
    const struct policy *p = e->policy;
    ADD(e, "profile ");
    add_text(e, p->name ? p->name : "?");
    if (p->description) {
        ADD(e, ": ");
        add_text(e, p->description);
    }
    ADD(e, "\n");
    for (const char *const *file = p->files; file && *file; file++) {
        ADD(e, "  read ");
        add_text(e, *file);
        ADD(e, "\n");
    }
    for (size_t i = 0; i < p->notes.n; i++) {
        ADD(e, "  note: ");
        add_text(e, p->notes.v[i]);
        ADD(e, "\n");
    }
}

static void add_own(struct explain *e)
{
    ADD(e, "\nNever visible, whatever is granted: agentjail's own\n");
    for (size_t i = 0; i < e->policy->own_paths.n; i++) {
        ADD(e, "  ");
        add_text(e, e->policy->own_paths.v[i]);
        ADD(e, "\n");
    }
}

static void add_missing(struct explain *e)
{
    if (!e->host)
        return;
    if (!e->missing.len) {
        ADD(e, "\nThis host lacks nothing that this policy uses.\n");
        return;
    }
    ADD(e, "\n%sThis host lacks%s (agentjail --doctor says how to mend it):\n", colour(e, red), colour(e, plain));
    for (char *line = e->missing.data, *end; *line; line = end) {
        end = strchrnul(line, '\n');
        if (*end)
            *end++ = '\0';
        ADD(e, "  ");
        add_text(e, line);
        ADD(e, "\n");
    }
}

static void add_plan(struct explain *e, const struct plan *plan)
{
    ADD(e, "\nThe view, step by step:\n");
    _cleanup_buf_ struct buf text = { 0 };
    int r = plan_print(plan, &text);
    if (r < 0)
        e->result = r;
    for (char *line = text.data, *end; line && *line; line = end) {
        end = strchrnul(line, '\n');
        if (*end)
            *end++ = '\0';
        ADD(e, "  %s\n", line);
    }
    for (size_t i = 0; i < plan->notes.n; i++) {
        ADD(e, "  note: ");
        add_text(e, plan->notes.v[i]);
        ADD(e, "\n");
    }
}

int explain_text(const struct policy *policy, const struct plan *plan, const struct host_features *host, bool in_colour,
                 struct buf *out)
{
    struct explain e = { .policy = policy, .host = host, .out = out, .colour = in_colour };
    add_head(&e);
    for (const struct option_section *s = option_sections; s->name || s->title; s++)
        if (s->name && s->title && strcmp(s->name, "profile") != 0)
            add_section(&e, s, s[1].first);
    add_own(&e);
    add_missing(&e);
    if (plan)
        add_plan(&e, plan);
    buf_free(&e.held);
    buf_free(&e.missing);
    return e.result < 0 ? e.result : 0;
}

static void add_lines(struct json *j, const char *key, const char *text)
{
    json_array(j, key);
    while (text && *text) {
        const char *end = strchrnul(text, '\n');
        json_bytes(j, NULL, text, (size_t)(end - text));
        text = *end ? end + 1 : end;
    }
    json_end(j);
}

static void add_strings(struct json *j, const char *key, const struct strv *list)
{
    json_array(j, key);
    for (size_t i = 0; i < list->n; i++)
        json_string(j, NULL, list->v[i]);
    json_end(j);
}

int explain_json(const struct policy *policy, const struct plan *plan, const struct host_features *host, struct buf *out)
{
    struct json j = { .out = out };
    struct explain e = { .policy = policy, .host = host, .out = out, .json = &j };
    json_object(&j, NULL);
    json_string(&j, "profile", policy->name);
    json_string(&j, "description", policy->description);
    json_array(&j, "files");
    for (const char *const *file = policy->files; file && *file; file++)
        json_string(&j, NULL, *file);
    json_end(&j);
    add_strings(&j, "notes", &policy->notes);
    json_array(&j, "policy");
    for (const struct option_section *s = option_sections; s->name || s->title; s++)
        if (s->name && s->title && strcmp(s->name, "profile") != 0)
            add_section(&e, s, s[1].first);
    json_end(&j);
    add_strings(&j, "never_visible", &policy->own_paths);
    if (host)
        add_lines(&j, "host_lacks", e.missing.data);
    _cleanup_buf_ struct buf steps = { 0 };
    int r = plan ? plan_print(plan, &steps) : 0;
    if (plan) {
        add_lines(&j, "view", steps.data);
        add_strings(&j, "view_notes", &plan->notes);
    }
    json_end(&j);
    buf_free(&e.held);
    buf_free(&e.missing);
    if (r < 0 || e.result < 0)
        return r < 0 ? r : e.result;
    return json_finish(&j);
}

int explain_print(const struct policy *policy, const struct plan *plan, const struct host_features *host, FILE *out)
{
    _cleanup_buf_ struct buf text = { 0 };
    const char *no_color = getenv("NO_COLOR");
    bool in_colour = isatty(fileno(out)) && !(no_color && *no_color);
    int r = explain_text(policy, plan, host, in_colour, &text);
    if (r < 0)
        return r;
    return fwrite(text.data, 1, text.len, out) == text.len && fflush(out) == 0 ? 0 : -EIO;
}
