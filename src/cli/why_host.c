/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/why_host.h"

#include <string.h>
#include <sys/stat.h>

#include "base/host_name.h"
#include "base/json.h"
#include "cli/text.h"
#include "gateway/verdict.h"
#include "monitor/egress_policy.h"
#include "profile/net_names.h"

/* The answer. */
struct reach {
    char host[HOST_NAME_SIZE]; /* canonical name or address */
    uint16_t port;
    bool udp;
    bool allowed, asked;
    struct buf reason, change; /* change: the line under [network] that would allow it, "" if none would */
};

static bool on_path(const char *command)
{
    char path[4096];
    const char *dirs = getenv("PATH");
    struct stat st;
    for (const char *end; dirs && *dirs; dirs = *end ? end + 1 : end) {
        end = strchrnul(dirs, ':');
        int n = snprintf(path, sizeof(path), "%.*s/%s", (int)(end - dirs), dirs, command);
        if (n > 0 && n < (int)sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return true;
    }
    return false;
}

bool why_is_host(const char *subject)
{
    char name[HOST_NAME_SIZE];
    const char *why;
    struct ip ip;
    if (strstr(subject, "://"))
        return true;
    if (strchr(subject, '/'))
        return false;
    if (strchr(subject, ':') || ip_parse(subject, &ip) == 0)
        return true;
    return strchr(subject, '.') && subject[0] != '.' &&
           host_name_canonical(subject, strlen(subject), name, &why) == 0 && !on_path(subject);
}

/* One host and one port, written as a rule. */
static int read_subject(struct arena *arena, const char *subject, struct reach *a, struct buf *why)
{
    static const struct net_rule_options as_rule = { .trusted = true, .names = &net_names_module };
    char own[sizeof(VERDICT_HOST_NAME)];
    _cleanup_buf_ struct buf text = { 0 };
    struct net_rule rule;
    size_t len = strlen(VERDICT_HOST_NAME);
    snprintf(own, sizeof(own), "%s", subject);
    if (strcmp(own, VERDICT_HOST_NAME) == 0 && subject[len] == ':') { /* no rule may name it */
        snprintf(a->host, sizeof(a->host), "%s", own);
        a->port = (uint16_t)strtoul(subject + len + 1, NULL, 10);
        return 0;
    }
    int r = net_rule_parse(arena, subject, &as_rule, &rule, &text);
    bool one = r == 0 && rule.n_ports == 1 && rule.ports[0].first == rule.ports[0].last;
    if (one && rule.host.kind == NET_HOST_ADDRESS)
        one = rule.host.prefix.bits == (rule.host.prefix.ip.version == 4 ? 32 : 128);
    else if (one)
        one = rule.host.kind == NET_HOST_NAME;
    if (!one) {
        if (r != -ENOMEM)
            (void)buf_printf(why, "--why=%s: %s", subject, r < 0 ? text.data : "more than one host and port; write HOST:PORT");
        return r < 0 ? r : -EINVAL;
    }
    if (rule.host.kind == NET_HOST_NAME)
        snprintf(a->host, sizeof(a->host), "%s", rule.host.name);
    else
        ip_format(&rule.host.prefix.ip, a->host);
    a->port = rule.ports[0].first;
    a->udp = rule.ports[0].scheme == NET_UDP;
    return 0;
}

static int judge_rules(const struct policy *policy, struct reach *a, struct buf *why)
{
    struct policy without = *policy; /* the password does not matter here */
    without.upstream_credentials = NULL;
    _cleanup_egress_source_ struct egress_source source;
    struct decision d;
    struct ip ip;
    int r = egress_source_fill(&without, &source, why);
    if (r < 0)
        return r;
    if (ip_parse(a->host, &ip) == 0)
        verdict_address(&source.egress, &ip, a->port, a->udp, &d);
    else
        verdict_connect(&source.egress, a->host, a->port, a->udp, &d);
    a->allowed = d.verdict == VERDICT_ALLOW;
    a->asked = d.verdict == VERDICT_ASK;
    r = verdict_explain(&d, &a->reason);
    if (r >= 0 && a->allowed && d.reason == VERDICT_BY_RULE && (d.scheme == NET_TLS || d.scheme == NET_HTTP))
        r = buf_printf(&a->reason, ", for %s that names it", d.scheme == NET_TLS ? "TLS" : "HTTP");
    if (r < 0 || a->allowed)
        return r;
    if (d.reason == VERDICT_BY_RULE)
        return buf_printf(&a->change, "deny = (the entry %s taken out)", d.rule->text);
    return verdict_line(a->host, a->port, a->udp, &a->change);
}

static int judge(const struct policy *policy, struct reach *a, struct buf *why)
{
    int r;
    switch (policy->network) {
    case NETWORK_HOST:
        a->allowed = true;
        return buf_str(&a->reason, "nothing is refused with mode = host");
    case NETWORK_NONE:
        r = buf_str(&a->reason, "there is no network with mode = none");
        if (r >= 0)
            r = buf_str(&a->change, "mode = filtered, and ");
        return r < 0 ? r : verdict_line(a->host, a->port, a->udp, &a->change);
    case NETWORK_FILTERED:
    case NETWORK_OPEN:
        break;
    }
    return judge_rules(policy, a, why);
}

static int tell_text(const struct reach *a, const char *subject, struct buf *out)
{
    bool v6 = strchr(a->host, ':') != NULL;
    int r = text_line(out, subject);
    if (r >= 0)
        r = buf_printf(out, " is %s%s%s:%u over %s\n  %s  %s", v6 ? "[" : "", a->host, v6 ? "]" : "", a->port,
                       a->udp ? "UDP" : "TCP", a->allowed ? "yes" : a->asked ? "ask" : "no ", a->reason.data);
    if (r >= 0 && a->change.len) {
        r = buf_str(out, "; to change that write under [network]: ");
        if (r >= 0)
            r = text_line(out, a->change.data);
    }
    return r < 0 ? r : buf_char(out, '\n');
}

static int tell_json(const struct reach *a, struct buf *out)
{
    struct json j = { .out = out };
    json_object(&j, NULL);
    json_string(&j, "host", a->host);
    json_unsigned(&j, "port", a->port);
    json_string(&j, "transport", a->udp ? "udp" : "tcp");
    json_bool(&j, "allowed", a->allowed);
    json_bool(&j, "asked", a->asked);
    json_string(&j, "reason", a->reason.data);
    json_string(&j, "change", a->change.data);
    json_end(&j);
    return json_finish(&j);
}

int why_host(const struct policy *policy, const char *subject, bool json, struct buf *out, struct buf *why)
{
    struct reach a = { 0 };
    struct arena *arena = arena_new();
    int r = arena ? read_subject(arena, subject, &a, why) : -ENOMEM;
    if (r >= 0)
        r = judge(policy, &a, why);
    if (r >= 0)
        r = json ? tell_json(&a, out) : tell_text(&a, subject, out);
    buf_free(&a.reason);
    buf_free(&a.change);
    arena_free(arena);
    return r;
}
