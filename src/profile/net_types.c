/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/net_types.h"

#include <string.h>

#include "base/parse.h"
#include "base/path.h"
#include "ipc/egress.h"
#include "profile/access.h"
#include "profile/net_change.h"
#include "profile/net_names.h"
#include "profile/path.h"
#include "profile/types.h"
#include "profile/upstream.h"

/* Room for one more of n elements of an array that lives in the arena; doubled whenever n is a power of two. */
static void *grow(struct arena *arena, void *array, size_t n, size_t size)
{
    if (n & (n - 1))
        return array;
    void *more = arena_alloc(arena, (n ? n * 2 : 1) * size);
    if (more && n)
        memcpy(more, array, n * size);
    return more;
}

/* --- rules --- */

static bool is_trusted(const struct setting *s)
{
    return s->layer == LAYER_PACKAGED || s->layer == LAYER_ADMINISTRATOR || s->layer == LAYER_CEILING;
}

static int parse_rule(struct merge *m, const struct setting *s, bool denies, struct net_rule *ret)
{
    const struct net_rule_options how = {
        .denies = denies,
        .trusted = s->layer == LAYER_PACKAGED || s->layer == LAYER_CEILING,
        .names = &net_names_module,
    };
    _cleanup_buf_ struct buf text = { 0 };
    struct net_rule rule;
    int r = net_rule_parse(m->arena, s->value, &how, &rule, &text);
    if (r == -EINVAL)
        return setting_fail(s, m->why, "%s", text.data ? text.data : "no rule");
    if (r < 0)
        return r;
    rule.origin = s->origin;
    rule.trusted = is_trusted(s);
    *ret = rule;
    return 0;
}

int net_rule_of(struct merge *m, const struct setting *s, struct net_rule *ret)
{
    return parse_rule(m, s, false, ret);
}

static int set_net_rule(struct merge *m, const struct setting *s)
{
    struct policy *p = m->policy;
    bool denies = s->option->place.value == NET_RULE_DENY;
    struct net_rule **rules = denies ? &p->net_deny : &p->net_allow;
    size_t *n = denies ? &p->n_net_deny : &p->n_net_allow;
    if (setting_empties(s)) {
        *n = 0;
        return 0;
    }
    struct net_rule rule;
    int r = parse_rule(m, s, denies, &rule);
    if (r < 0)
        return r;
    if (*n == EGRESS_RULES_MAX)
        return setting_fail(s, m->why, "more than %d rules; write wildcards or prefixes", EGRESS_RULES_MAX);
    struct net_rule *more = grow(m->arena, *rules, *n, sizeof(rule));
    if (!more)
        return -ENOMEM;
    more[(*n)++] = rule;
    *rules = more;
    return 0;
}

/* --- ports --- */

static bool take_port(const char *text, size_t len, uint16_t *ret)
{
    char copy[6];
    uint64_t value;
    if (len == 0 || len >= sizeof(copy) || text[0] == '0')
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (parse_u64(copy, &value) < 0 || value > 65535)
        return false;
    *ret = (uint16_t)value;
    return true;
}

int port_grant_parse(const char *text, struct port_grant *ret, struct buf *why)
{
    struct port_grant g = { 0 };
    size_t len = strcspn(text, ":");
    const char *colon = text[len] ? text + len : NULL;
    if (!take_port(text, len, &g.inside) || (colon && !take_port(colon + 1, strlen(colon + 1), &g.outside))) {
        (void)buf_printf(why, "\"%s\" is no port from 1 to 65535; write %s", text,
                         colon ? "PORT:HOSTPORT, as 3000:8080" : "a number, as 5432");
        return -EINVAL;
    }
    if (!colon)
        g.outside = g.inside;
    *ret = g;
    return 0;
}

/* PORT, or for publish PORT:HOSTPORT. */
static int parse_port_grant(struct merge *m, const struct setting *s, struct port_grant *ret)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (strchr(s->value, ':') && s->option->place.value == PORT_HOST)
        return setting_fail(s, m->why, "the port has the same number inside; write %s = PORT", s->name);
    int r = port_grant_parse(s->value, ret, &text);
    if (r < 0)
        return setting_fail(s, m->why, "%s", text.data ? text.data : "no port");
    ret->origin = s->origin;
    return 0;
}

static int set_port(struct merge *m, const struct setting *s)
{
    struct policy *p = m->policy;
    bool publish = s->option->place.value == PORT_PUBLISH;
    struct port_grant **list = publish ? &p->published : &p->host_ports, grant = { 0 };
    size_t *n = publish ? &p->n_published : &p->n_host_ports;
    if (setting_empties(s)) {
        *n = 0;
        return 0;
    }
    int r = parse_port_grant(m, s, &grant);
    if (r < 0)
        return r;
    for (size_t i = 0; i < *n; i++) {
        if ((*list)[i].outside == grant.outside && (*list)[i].inside == grant.inside)
            return 0; /* said twice */
        if ((*list)[i].outside == grant.outside)
            return setting_fail(s, m->why, "port %u of this host already leads to port %u inside; choose another",
                                grant.outside, (*list)[i].inside);
    }
    if (*n == EGRESS_PORTS_MAX)
        return setting_fail(s, m->why, "more than %d ports", EGRESS_PORTS_MAX);
    struct port_grant *more = grow(m->arena, *list, *n, sizeof(grant));
    if (!more)
        return -ENOMEM;
    more[(*n)++] = grant;
    *list = more;
    return 0;
}

/* --- upstream --- */

static int set_upstream(struct merge *m, const struct setting *s)
{
    struct upstream u = { 0 };
    _cleanup_buf_ struct buf text = { 0 };
    int r = 0;
    if (strcmp(s->value, "env") == 0)
        r = upstream_from_env(m->arena, m->host->env, &u, &text);
    else if (!setting_empties(s))
        r = upstream_parse(m->arena, s->value, &u, &text);
    if (r == -EINVAL)
        return setting_fail(s, m->why, "%s", text.data ? text.data : "no proxy");
    if (r < 0)
        return r;
    u.origin = s->origin;
    m->policy->upstream = u;
    return 0;
}

static int show_upstream(const struct policy *policy, const struct option *option, struct buf *out)
{
    (void)option;
    return policy->upstream.from_env ? buf_str(out, "env") : upstream_format(&policy->upstream, out);
}

static int set_credentials(struct merge *m, const struct setting *s)
{
    struct policy *p = m->policy;
    char *text, *path = NULL;
    if (!setting_empties(s)) {
        int r = expand(m, s, s->value, &text);
        if (r < 0)
            return r == -ENXIO ? setting_fail(s, m->why, "a password cannot lie in the workspace; name another place")
                               : r;
        r = path_from(m->arena, s->layer == LAYER_COMMAND_LINE ? m->cwd : NULL, text, &path);
        if (r < 0)
            return setting_fail(s, m->why, "\"%s\" is no absolute path without \"..\"; write one", text);
    }
    p->upstream_credentials = path;
    p->upstream_credentials_origin = s->origin;
    return 0;
}

static int show_credentials(const struct policy *policy, const struct option *option, struct buf *out)
{
    (void)option;
    return policy->upstream_credentials ? buf_str(out, policy->upstream_credentials) : 0;
}

/* --- what must fit together --- */

/* "file:line: key: " or "--name: ". */
static int begin(const struct merge *m, struct origin origin, const struct option *o)
{
    if (origin.line)
        return buf_printf(m->why, "%s:%u: %s: ", origin.file, origin.line, o->key);
    return buf_printf(m->why, "--%s: ", o->name);
}

static int refuse(const struct merge *m, struct origin origin, const struct option *o, const char *text)
{
    int r = begin(m, origin, o);
    return r < 0 || (r = buf_str(m->why, text)) < 0 ? r : -EINVAL;
}

/* What only the gateway does, with a mode that has none: said to who asks for it on the command line. A profile's stays for
 * runs in another mode. */
static int check_mode(struct merge *m)
{
    const struct policy *p = m->policy;
    bool gateway = p->network == NETWORK_FILTERED || p->network == NETWORK_OPEN;
    if (p->network == NETWORK_NONE && !p->loopback && p->n_published)
        return refuse(m, p->published[0].origin, &options[OPTION_PUBLISH],
                      "the jail's own 127.0.0.1 is switched off (loopback = no); write loopback = yes, or publish = to take "
                      "the ports back");
    if (p->network == NETWORK_HOST && p->n_net_deny)
        return refuse(m, p->net_deny[0].origin, &options[OPTION_NET_DENY],
                      "nothing can be denied on the host's own network (mode = host); write mode = filtered or open, or "
                      "deny = to take the rules back");
    if (gateway)
        return 0;
    const struct {
        size_t n;
        struct origin last;
        const struct option *option;
    } lists[] = {
        { p->n_net_allow, p->n_net_allow ? p->net_allow[p->n_net_allow - 1].origin : (struct origin){ 0 },
          &options[OPTION_NET_ALLOW] },
        { p->n_host_ports, p->n_host_ports ? p->host_ports[p->n_host_ports - 1].origin : (struct origin){ 0 },
          &options[OPTION_HOST_PORT] },
        { p->network == NETWORK_NONE ? 0 : p->n_published,
          p->n_published ? p->published[p->n_published - 1].origin : (struct origin){ 0 },
          &options[OPTION_PUBLISH] },
        { p->open_url != OPEN_URL_DENY, p->open_url_origin, &options[OPTION_OPEN_URL] },
        { p->unknown != UNKNOWN_DENY, p->unknown_origin, &options[OPTION_UNKNOWN] },
        { p->upstream.kind != UPSTREAM_NONE, p->upstream.origin, &options[OPTION_UPSTREAM] },
    };
    for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
        bool asked_now = lists[i].n && lists[i].last.file && lists[i].last.line == 0; /* on the command line */
        int r = !asked_now ? 0
                           : merge_note(m, "--%s does nothing with network mode %s; add --network=filtered",
                                        lists[i].option->name, p->network == NETWORK_HOST ? "host" : "none");
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_credentials(struct merge *m)
{
    const struct policy *p = m->policy;
    if (!p->upstream_credentials)
        return 0;
    const struct option *o = &options[OPTION_UPSTREAM_CREDENTIALS];
    if (p->upstream.kind == UPSTREAM_NONE && !p->upstream.from_env)
        return refuse(m, p->upstream_credentials_origin, o, "no proxy to use them with; write upstream, too");
    for (size_t i = 0; i < p->own_paths.n; i++)
        if (path_within(p->upstream_credentials, p->own_paths.v[i]))
            return 0; /* masked whatever is granted */
    if (policy_access(p, p->upstream_credentials).visible)
        return refuse(m, p->upstream_credentials_origin, o,
                      "the command could read that file; put it below ~/.config/agentjail/");
    return 0;
}

int net_check(struct merge *m)
{
    int r = check_mode(m);
    return r < 0 ? r : check_credentials(m);
}

const struct option_type type_net_rule = { .set = set_net_rule,
                                           .form = "[tls://|http://|tcp://|udp://]HOST[:PORT,PORT-PORT]" };
const struct option_type type_port = { .set = set_port, .form = "a port" };
const struct option_type type_upstream = { .set = set_upstream,
                                           .show = show_upstream,
                                           .form = "http://PROXY:PORT, socks5h://PROXY:PORT or env" };
const struct option_type type_credentials = { .set = set_credentials, .show = show_credentials, .form = "a path" };
