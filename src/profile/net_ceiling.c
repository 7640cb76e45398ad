/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/net_ceiling.h"

#include <string.h>

#include "base/parse.h"
#include "profile/ceiling_words.h"
#include "profile/net_rule.h"
#include "profile/net_types.h"
#include "profile/types.h"
#include "profile/upstream.h"

/* Settings of the same key in the same file hold together. This is true for the first of them only. */
static bool is_first(const struct merge *m, const struct setting *c)
{
    for (const struct setting *s = m->ceilings.v; s < c; s++)
        if (s->option == c->option && s->origin.file == c->origin.file)
            return false;
    return true;
}

/* --- allow --- */

/* The rules of c's file into *ret, which the arena owns. */
static int rules_of_file(struct merge *m, const struct setting *c, struct net_rule **ret, size_t *ret_n)
{
    size_t n = 0;
    struct net_rule *rules = arena_alloc(m->arena, m->ceilings.n * sizeof(*rules));
    if (!rules)
        return -ENOMEM;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *s = &m->ceilings.v[i];
        if (s->option != c->option || s->origin.file != c->origin.file || setting_empties(s))
            continue;
        int r = net_rule_of(m, s, &rules[n]);
        if (r < 0)
            return r;
        n++;
    }
    *ret = rules;
    *ret_n = n;
    return 0;
}

/* Rules name hosts: a mode that needs no rule is beyond any list of them. */
static int bound_mode(struct merge *m, const struct setting *c)
{
    struct policy *p = m->policy;
    if (p->network != NETWORK_OPEN && p->network != NETWORK_HOST)
        return 0;
    return ceiling_widened(m, c, p->network_origin, &options[OPTION_NETWORK], p->network == NETWORK_OPEN ? "open" : "host",
                  "write mode = filtered");
}

/* Rules can be granted later, when the files are out of reach. */
static int keep_ceiling(struct merge *m, const struct setting *c, struct net_rule *rules, size_t n)
{
    struct policy *p = m->policy;
    struct net_ceiling *more = arena_alloc(m->arena, (p->n_net_ceilings + 1) * sizeof(*more));
    if (!more)
        return -ENOMEM;
    if (p->n_net_ceilings)
        memcpy(more, p->net_ceilings, p->n_net_ceilings * sizeof(*more));
    more[p->n_net_ceilings++] = (struct net_ceiling){ .rules = rules, .n_rules = n, .origin = c->origin };
    p->net_ceilings = more;
    return 0;
}

/* What the package or the administrator wrote is narrowed, as nobody can have meant it against this ceiling. */
static int bound_rules(struct merge *m, const struct setting *c)
{
    struct policy *p = m->policy;
    struct net_rule *ceiling;
    size_t n, kept = 0;
    int r = rules_of_file(m, c, &ceiling, &n);
    if (r < 0 || (r = keep_ceiling(m, c, ceiling, n)) < 0)
        return r;
    for (size_t i = 0; i < p->n_net_allow; i++) {
        const struct net_rule *rule = &p->net_allow[i];
        if (net_rules_cover(ceiling, n, rule, NULL)) {
            p->net_allow[kept++] = *rule;
            continue;
        }
        if (!rule->trusted)
            return ceiling_widened(m, c, rule->origin, &options[OPTION_NET_ALLOW], rule->text,
                          "leave it out, or write a rule that the ceiling's rules allow");
        r = merge_note(m, "%s:%u: allow: %s goes beyond the ceiling in %s:%u and is left out", rule->origin.file,
                       rule->origin.line, rule->text, c->origin.file, c->origin.line);
        if (r < 0)
            return r;
    }
    p->n_net_allow = kept;
    return 0;
}

static int apply_rules(struct merge *m, const struct setting *c)
{
    if (!is_first(m, c))
        return 0;
    int r = bound_mode(m, c);
    return r < 0 ? r : bound_rules(m, c);
}

/* --- host-port and publish: the host's port counts --- */

/* The ranges of c's file, with its origin, into the arena. */
static int ports_of_file(struct merge *m, const struct setting *c, struct port_ceiling *ret)
{
    *ret = (struct port_ceiling){ .origin = c->origin };
    ret->ranges = arena_alloc(m->arena, m->ceilings.n * sizeof(*ret->ranges));
    if (!ret->ranges)
        return -ENOMEM;
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *s = &m->ceilings.v[i];
        if (s->option != c->option || s->origin.file != c->origin.file || setting_empties(s))
            continue;
        uint64_t first = 0, last = 0;
        const char *rest = parse_leading(s->value, &first);
        if (rest && *rest == '-')
            rest = parse_leading(rest + 1, &last);
        else
            last = first;
        if (!rest || *rest || first == 0 || first > last || last > 65535)
            return setting_fail(s, m->why, "\"%s\" are no ports; write PORT or PORT-PORT", s->value);
        ret->ranges[ret->n].first = (uint16_t)first;
        ret->ranges[ret->n++].last = (uint16_t)last;
    }
    return 0;
}

static bool in_ports(const struct port_ceiling *c, uint16_t port)
{
    for (size_t i = 0; i < c->n; i++)
        if (port >= c->ranges[i].first && port <= c->ranges[i].last)
            return true;
    return false;
}

/* Ports can be published later, when the files are out of reach. */
static int keep_ports(struct merge *m, const struct port_ceiling *c)
{
    struct policy *p = m->policy;
    struct port_ceiling *more = arena_alloc(m->arena, (p->n_publish_ceilings + 1) * sizeof(*more));
    if (!more)
        return -ENOMEM;
    if (p->n_publish_ceilings)
        memcpy(more, p->publish_ceilings, p->n_publish_ceilings * sizeof(*more));
    more[p->n_publish_ceilings++] = *c;
    p->publish_ceilings = more;
    return 0;
}

static int apply_ports(struct merge *m, const struct setting *c)
{
    const struct policy *p = m->policy;
    bool publish = c->option->place.value == PORT_PUBLISH;
    const struct port_grant *list = publish ? p->published : p->host_ports;
    size_t n = publish ? p->n_published : p->n_host_ports;
    struct port_ceiling ceiling;
    if (!is_first(m, c))
        return 0;
    int r = ports_of_file(m, c, &ceiling); /* says what is wrong with the ceiling itself */
    if (r == 0 && publish)
        r = keep_ports(m, &ceiling);
    for (size_t i = 0; i < n && r == 0; i++) {
        char text[16];
        if (in_ports(&ceiling, list[i].outside))
            continue;
        bool moved = list[i].inside != list[i].outside;
        snprintf(text, sizeof(text), moved ? "%u:%u" : "%u", moved ? list[i].inside : list[i].outside, list[i].outside);
        r = ceiling_widened(m, c, list[i].origin, c->option, text, "name a port that it allows");
    }
    return r;
}

/* --- upstream --- */

/* Is this word the proxy that the policy has? */
static int is_upstream(struct merge *m, const struct setting *c, const char *word, bool *ret)
{
    const struct upstream *u = &m->policy->upstream;
    _cleanup_buf_ struct buf now = { 0 }, text = { 0 }, asked = { 0 };
    struct upstream want;
    if (strcmp(word, "env") == 0) {
        *ret = u->from_env;
        return 0;
    }
    int r = upstream_parse(m->arena, word, &want, &text);
    if (r == -EINVAL)
        return setting_fail(c, m->why, "%s", text.data ? text.data : "no proxy");
    if (r < 0 || (r = upstream_format(u, &now)) < 0 || (r = upstream_format(&want, &asked)) < 0)
        return r;
    /* A proxy with exceptions is not the proxy for all. */
    *ret = now.data && strcmp(now.data, asked.data) == 0 && !u->exceptions;
    return 0;
}

static int apply_upstream(struct merge *m, const struct setting *c)
{
    const struct upstream *u = &m->policy->upstream;
    struct setting first = *c;
    _cleanup_buf_ struct buf now = { 0 };
    char *words = arena_strdup(m->arena, c->value), *rest = NULL;
    first.value = NULL;
    for (char *word = words ? strtok_r(words, " ", &rest) : NULL; word; word = strtok_r(NULL, " ", &rest)) {
        bool same = false;
        int r = is_upstream(m, c, word, &same);
        if (r < 0 || same)
            return r;
        if (!first.value)
            first.value = word;
    }
    if (!words)
        return -ENOMEM;
    bool none = u->kind == UPSTREAM_NONE && !u->from_env;
    if (none && !first.value)
        return 0; /* "upstream =": none is all there may be */
    if (none && !u->origin.file)
        return c->option->type->set(m, &first);
    int r = upstream_format(u, &now);
    return r < 0 ? r : ceiling_widened(m, c, u->origin, c->option, now.data ? now.data : "no proxy", "write one of these");
}

int net_ceiling_apply(struct merge *m, const struct setting *c)
{
    switch (c->option->ceiling) {
    case CEILING_RULES:
        return apply_rules(m, c);
    case CEILING_PORTS:
        return apply_ports(m, c);
    case CEILING_UPSTREAM:
        return apply_upstream(m, c);
    default:
        if (setting_empties(c))
            return setting_fail(c, m->why, "no rule; a ceiling's list cannot be emptied");
        return c->option->type->set(m, c);
    }
}
