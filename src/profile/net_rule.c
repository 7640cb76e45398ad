/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/net_rule.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>

#include "base/parse.h"

#define RULE_FORM "[tls://|http://|tcp://|udp://]HOST[:PORT,PORT-PORT]"

/* A rule being read. Functions return 0, -ENOMEM, or -EINVAL with the reason in why. */
struct reading {
    struct arena *arena;
    const struct net_rule_options *options;
    struct buf *why;
    bool schemed;
    enum net_scheme scheme;
    struct net_rule rule;
    struct net_ports ranges[NET_RULE_PORTS_MAX]; /* as written; the scheme is not set yet */
    size_t n_ranges;
};

#define REFUSE(rd, ...) (buf_printf((rd)->why, __VA_ARGS__) < 0 ? -ENOMEM : -EINVAL)

/* --- scheme --- */

/* What people paste, and what they mean by it. */
static const struct {
    const char *scheme, *write;
} other_schemes[] = {
    { "https", "tls://HOST" },       { "wss", "tls://HOST" },        { "ws", "http://HOST" },
    { "ssh", "tcp://HOST:22" },      { "git+ssh", "tcp://HOST:22" }, { "git", "tcp://HOST:9418" },
    { "quic", "udp://HOST:443" },    { "ntp", "udp://HOST:123" },    { "postgresql", "tcp://HOST:5432" },
    { "postgres", "tcp://HOST:5432" }, { "redis", "tcp://HOST:6379" }, { "imap", "tcp://HOST:143" },
    { "imaps", "tls://HOST:993" },
};

static int unknown_scheme(struct reading *rd, const char *text, size_t len)
{
    for (size_t i = 0; i < ELEMENTSOF(other_schemes); i++)
        if (strncmp(other_schemes[i].scheme, text, len) == 0 && other_schemes[i].scheme[len] == '\0')
            return REFUSE(rd, "rules have no %s://; write %s", other_schemes[i].scheme, other_schemes[i].write);
    return REFUSE(rd, "unknown scheme \"%.*s\"; write tls://, http://, tcp:// or udp://, or none", (int)len, text);
}

/* Move *text behind a scheme, if there is one. */
static int take_scheme(struct reading *rd, const char **text)
{
    const char *end = strstr(*text, "://");
    if (!end)
        return 0;
    size_t len = (size_t)(end - *text);
    if (!net_scheme_by_name(*text, len, &rd->scheme))
        return unknown_scheme(rd, *text, len < INT_MAX ? len : INT_MAX);
    rd->schemed = true;
    *text = end + 3;
    return 0;
}

/* --- host: addresses --- */

/* "127.1", "0x7f000001": what inet_aton(3) would make of it is what programs would dial. */
static int refuse_number(struct reading *rd, const char *host)
{
    struct in_addr in;
    char text[IP_TEXT_MAX];
    struct ip ip;
    if (ip_parse(host, &ip) == 0)
        return REFUSE(rd, "%s is an address, which has no names below it; write it without '*', or a prefix", host);
    if (inet_aton(host, &in) && inet_ntop(AF_INET, &in, text, sizeof(text)))
        return REFUSE(rd, "\"%s\" is a short, hexadecimal or octal address; write %s if that is meant", host, text);
    return REFUSE(rd, "\"%s\" ends in a number but is no address; write four decimal numbers, as 192.0.2.1, or a name",
                  host);
}

static int refuse_prefix(struct reading *rd, const char *host, int error)
{
    if (error == -EDOM)
        return REFUSE(rd, "\"%s\" has bits set behind the prefix; write the first address of the range, or an address alone",
                      host);
    char address[HOST_NAME_SIZE + 1];
    size_t len = strcspn(host, "/");
    if (!strchr(host, ':') && len < sizeof(address)) {
        memcpy(address, host, len);
        address[len] = '\0';
        struct ip ip;
        if (ip_parse(address, &ip) < 0)
            return refuse_number(rd, address);
    }
    if (strchr(host, '%'))
        return REFUSE(rd, "\"%s\" has a zone, which is of this host only; write the address without it", host);
    return REFUSE(rd, "\"%s\" is no address or prefix; write for instance 10.0.0.0/8 or [fd00::/8]", host);
}

static int take_address(struct reading *rd, const char *host)
{
    struct ip_prefix *prefix = &rd->rule.host.prefix;
    int r = ip_prefix_parse(host, prefix);
    if (r < 0)
        return refuse_prefix(rd, host, r);
    rd->rule.host.kind = NET_HOST_ADDRESS;
    static const struct ip_prefix mapped = { { 6, { [10] = 0xff, [11] = 0xff } }, 96 };
    if (ip_prefix_covers(&mapped, prefix))
        return REFUSE(rd, "\"%s\" is an IPv4 address in disguise; write the IPv4 address", host);
    enum ip_class class = ip_classify(&prefix->ip);
    if (!rd->options->denies && prefix->bits >= 4 &&
        (class == IP_MULTICAST || (class == IP_UNSPECIFIED && prefix->bits >= 8)))
        return REFUSE(rd, "\"%s\" is %s, which cannot be connected to; leave it out", host, ip_class_name(class));
    return 0;
}

/* --- host: names --- */

static int refuse_name(struct reading *rd, const char *host, const char *why)
{
    if (strchr(host, '/'))
        return REFUSE(rd, "\"%s\" has a path; a rule ends with the host or its ports: write %.*s", host,
                      (int)strcspn(host, "/"), host);
    if (strchr(host, '@'))
        return REFUSE(rd, "\"%s\" has a user name; write %s", host, strchr(host, '@') + 1);
    if (strchr(host, '*'))
        return REFUSE(rd, "\"%s\": '*' stands only as \"*.\" (names below) or \"**.\" (and the name itself) before a name",
                      host);
    if (strchr(host, ' '))
        return REFUSE(rd, "\"%s\" has a space; write one rule a line", host);
    return REFUSE(rd, "the name \"%s\" %s; write " RULE_FORM, host, why);
}

/* Names that mean something inside the jail. */
static int refuse_own(struct reading *rd, const char *name)
{
    if (strcmp(name, "localhost") == 0 || host_name_below(name, "localhost"))
        return REFUSE(rd, "%s is the jail itself, which needs no rule; to reach a port of this host write host-port = PORT",
                      name);
    if (strcmp(name, "agentjail.internal") == 0 || host_name_below(name, "agentjail.internal"))
        return REFUSE(rd, "%s is agentjail's own; write host-port = PORT", name);
    return 0;
}

static int canonical(struct reading *rd, const char *host, char *name)
{
    const char *why;
    char ascii[HOST_NAME_SIZE];
    bool plain = true;
    for (const char *p = host; *p; p++)
        plain &= (unsigned char)*p < 0x80;
    if (!plain) {
        _cleanup_buf_ struct buf text = { 0 };
        int r = utf8_valid(host, strlen(host)) ? rd->options->names->to_ascii(host, ascii, &text) : -EINVAL;
        if (r < 0)
            return r == -ENOMEM ? r : refuse_name(rd, host, text.data ? text.data : "is not UTF-8");
        host = ascii;
    }
    if (host_name_canonical(host, strlen(host), name, &why) < 0)
        return ip_looks_like_number(host) && !strpbrk(host, "/ *@") ? refuse_number(rd, host) : refuse_name(rd, host, why);
    return refuse_own(rd, name);
}

/* Zones that no registrar sells from: those of RFC 6762 appendix G, RFC 8375, RFC 6761, and ICANN's "internal". */
static bool is_private_zone(const char *name)
{
    static const char *const zones[] = { "internal", "intranet", "private",   "corp", "home",
                                         "lan",      "test",     "home.arpa", "local" };
    for (size_t i = 0; i < ELEMENTSOF(zones); i++)
        if (strcmp(name, zones[i]) == 0 || host_name_below(name, zones[i]))
            return true;
    return false;
}

static int check_wildcard(struct reading *rd, const char *name)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (rd->options->denies || rd->options->trusted || is_private_zone(name))
        return 0; /* to deny much is no risk */
    int r = rd->options->names->check_wildcard(name, &text);
    if (r < 0 && r != -ENOMEM)
        return REFUSE(rd, "%s", text.data ? text.data : "the Public Suffix List cannot be asked");
    return r;
}

static int take_name(struct reading *rd, const char *host)
{
    char name[HOST_NAME_SIZE];
    struct net_host *h = &rd->rule.host;
    h->kind = NET_HOST_NAME;
    if (strcmp(host, "*") == 0 || strcmp(host, "**") == 0)
        return REFUSE(rd, "\"%s\" is every name; write mode = open, or name what is needed", host);
    if (strncmp(host, "**.", 3) == 0)
        h->kind = NET_HOST_TREE;
    else if (strncmp(host, "*.", 2) == 0)
        h->kind = NET_HOST_BELOW;
    host += h->kind == NET_HOST_TREE ? 3 : h->kind == NET_HOST_BELOW ? 2 : 0;
    int r = canonical(rd, host, name);
    if (r == 0 && h->kind != NET_HOST_NAME)
        r = check_wildcard(rd, name);
    if (r < 0)
        return r;
    h->name = arena_strdup(rd->arena, name);
    return h->name ? 0 : -ENOMEM;
}

/* Move *text behind the host. */
static int take_host(struct reading *rd, const char **text)
{
    const char *begin = *text, *end;
    bool brackets = *begin == '[';
    if (brackets) {
        begin++;
        end = strchr(begin, ']');
        if (!end || (end[1] && end[1] != ':' && end[1] != ','))
            return REFUSE(rd, "'[' without its ']'; write [fd00::1]:443");
    } else {
        end = begin + strcspn(begin, ":,");
        if (*end == ':' && strchr(end + 1, ':'))
            return REFUSE(rd, "more than one ':'; an IPv6 address is written in brackets, as [fd00::1]:443");
    }
    char *host = arena_strndup(rd->arena, begin, (size_t)(end - begin));
    if (!host)
        return -ENOMEM;
    *text = end + brackets;
    if (!*host)
        return REFUSE(rd, "no host; write " RULE_FORM);
    if (brackets && !strchr(host, ':'))
        return REFUSE(rd, "\"%s\": brackets are for IPv6 addresses; write it without", host);
    const char *number = strchr(host, '/') ? arena_strndup(rd->arena, host, strcspn(host, "/")) : host;
    if (!number)
        return -ENOMEM;
    struct ip ip;
    bool address = brackets || ip_parse(number, &ip) == 0 || (number != host && ip_looks_like_number(number));
    return address ? take_address(rd, host) : take_name(rd, host);
}

/* --- ports --- */

static int refuse_ports(struct reading *rd, const char *text, size_t len)
{
    return REFUSE(rd, "\"%.*s\" is no port; write numbers from 1 to 65535, as 443, 8000-8080 or 80,443", (int)len, text);
}

/* Decimal, 1 to 65535. */
static bool parse_port(const char *text, size_t len, uint16_t *ret)
{
    unsigned value = 0;
    if (len == 0 || len > 5 || text[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *ret = (uint16_t)value;
    return value <= 65535;
}

/* PORT or PORT-PORT. */
static int take_range(struct reading *rd, const char *text, size_t len)
{
    struct net_ports range = { 0 };
    const char *dash = memchr(text, '-', len);
    size_t first = dash ? (size_t)(dash - text) : len;
    if (!parse_port(text, first, &range.first))
        return refuse_ports(rd, text, len);
    range.last = range.first;
    if (dash && !parse_port(dash + 1, len - first - 1, &range.last))
        return refuse_ports(rd, text, len);
    if (range.last < range.first)
        return REFUSE(rd, "\"%.*s\" ends before it begins; write the smaller port first", (int)len, text);
    if (rd->n_ranges == NET_RULE_PORTS_MAX)
        return REFUSE(rd, "more than %d ports or ranges; write ranges, or several rules", NET_RULE_PORTS_MAX);
    rd->ranges[rd->n_ranges++] = range;
    return 0;
}

static int take_option(struct reading *rd, const char *text, size_t len)
{
    static const char optional[] = "sni=optional", hidden[] = "ech=allow";
    if (len == sizeof(optional) - 1 && memcmp(text, optional, len) == 0)
        rd->rule.sni_optional = true;
    else if (len == sizeof(hidden) - 1 && memcmp(text, hidden, len) == 0)
        rd->rule.ech_allowed = true;
    else
        return REFUSE(rd, "\"%.*s\" is no option of rules; there are sni=optional and ech=allow", (int)len, text);
    return 0;
}

/* What follows the host: ":PORTS" and ",OPTION". */
static int take_tail(struct reading *rd, const char *text)
{
    bool ports = *text == ':';
    while (*text) {
        const char *item = ++text; /* behind ':' or ',' */
        text += strcspn(text, ",");
        size_t len = (size_t)(text - item);
        bool option = memchr(item, '=', len) != NULL;
        if (!ports && !option)
            return REFUSE(rd, "\"%.*s\" is no option of rules; ports stand behind a ':'", (int)len, item);
        int r = option ? take_option(rd, item, len) : take_range(rd, item, len);
        if (r < 0)
            return r;
        if (option)
            ports = false; /* options are last */
    }
    return 0;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct net_ports *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Sort, and join what overlaps or touches. */
static void join_ranges(struct reading *rd)
{
    size_t n = 0;
    qsort(rd->ranges, rd->n_ranges, sizeof(rd->ranges[0]), compare_ranges);
    for (size_t i = 0; i < rd->n_ranges; i++) {
        struct net_ports *last = n ? &rd->ranges[n - 1] : NULL;
        if (last && rd->ranges[i].first <= last->last + 1)
            last->last = rd->ranges[i].last > last->last ? rd->ranges[i].last : last->last;
        else
            rd->ranges[n++] = rd->ranges[i];
    }
    rd->n_ranges = n;
}

static void default_ports(struct reading *rd)
{
    if (rd->n_ranges)
        return;
    uint16_t port = rd->schemed && rd->scheme == NET_HTTP ? 80 : 443;
    rd->ranges[0] = rd->options->denies ? (struct net_ports){ 1, 65535, NET_ANY } : (struct net_ports){ port, port, NET_TCP };
    rd->n_ranges = 1;
}

/* Cut the range at 80 and 443, which have schemes of their own. */
static void split_range(const struct net_ports *range, struct net_ports *out, size_t *n)
{
    static const struct net_ports known[] = { { 80, 80, NET_HTTP }, { 443, 443, NET_TLS } };
    unsigned next = range->first;
    for (size_t i = 0; i < ELEMENTSOF(known); i++) {
        uint16_t port = known[i].first;
        if (port < next || port > range->last)
            continue;
        if (port > next)
            out[(*n)++] = (struct net_ports){ (uint16_t)next, (uint16_t)(port - 1), NET_TCP };
        out[(*n)++] = known[i];
        next = port + 1U;
    }
    if (next <= range->last)
        out[(*n)++] = (struct net_ports){ (uint16_t)next, range->last, NET_TCP };
}

static int give_schemes(struct reading *rd)
{
    size_t n = 0;
    struct net_ports *ports = arena_alloc(rd->arena, (rd->n_ranges + 4) * sizeof(*ports)); /* two cuts add four at most */
    if (!ports)
        return -ENOMEM;
    for (size_t i = 0; i < rd->n_ranges; i++) {
        if (!rd->schemed && !rd->options->denies) {
            split_range(&rd->ranges[i], ports, &n);
            continue;
        }
        ports[n] = rd->ranges[i];
        ports[n++].scheme = rd->schemed ? rd->scheme : NET_ANY;
    }
    rd->rule.ports = ports;
    rd->rule.n_ports = n;
    return 0;
}

static int check_option(struct reading *rd)
{
    bool tls = false;
    for (size_t i = 0; i < rd->rule.n_ports; i++)
        tls |= rd->rule.ports[i].scheme == NET_TLS;
    if ((rd->rule.sni_optional || rd->rule.ech_allowed) && !tls)
        return REFUSE(rd, "%s is for tls only; leave it out", rd->rule.sni_optional ? "sni=optional" : "ech=allow");
    return 0;
}

/* --- the whole --- */

static int check_bytes(struct reading *rd, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            return REFUSE(rd, "has the control character 0x%02x; remove it", *p);
    return *text ? 0 : REFUSE(rd, "is empty; write " RULE_FORM);
}

int net_rule_parse(struct arena *arena, const char *text, const struct net_rule_options *options,
                   struct net_rule *ret, struct buf *why)
{
    struct reading rd = { .arena = arena, .options = options, .why = why };
    const char *rest = text;
    int r = check_bytes(&rd, text);
    if (r < 0 || (r = take_scheme(&rd, &rest)) < 0 || (r = take_host(&rd, &rest)) < 0 || (r = take_tail(&rd, rest)) < 0)
        return r;
    default_ports(&rd);
    join_ranges(&rd);
    if ((r = give_schemes(&rd)) < 0 || (r = check_option(&rd)) < 0)
        return r;
    rd.rule.text = arena_strdup(arena, text);
    if (!rd.rule.text)
        return -ENOMEM;
    *ret = rd.rule;
    return 0;
}

static bool same_scheme(const struct net_rule *rule)
{
    for (size_t i = 1; i < rule->n_ports; i++)
        if (rule->ports[i].scheme != rule->ports[0].scheme)
            return false;
    return true;
}

static int format_host(const struct net_host *host, struct buf *out)
{
    char text[IP_PREFIX_TEXT_MAX];
    static const char *const stars[N_NET_HOST_KINDS] = { [NET_HOST_BELOW] = "*.", [NET_HOST_TREE] = "**." };
    if (host->kind != NET_HOST_ADDRESS)
        return buf_printf(out, "%s%s", stars[host->kind] ? stars[host->kind] : "", host->name);
    bool v6 = host->prefix.ip.version == 6;
    return buf_printf(out, "%s%s%s", v6 ? "[" : "", ip_prefix_format(&host->prefix, text), v6 ? "]" : "");
}

int net_rule_format(const struct net_rule *rule, struct buf *out)
{
    enum net_scheme scheme = rule->ports[0].scheme;
    bool bare = scheme == NET_ANY || !same_scheme(rule); /* the ports tell the schemes */
    int r = bare ? 0 : buf_printf(out, "%s://", net_scheme_name(scheme));
    if (r >= 0)
        r = format_host(&rule->host, out);
    bool all = rule->n_ports == 1 && rule->ports[0].first == 1 && rule->ports[0].last == 65535 && scheme == NET_ANY;
    for (size_t i = 0; !all && i < rule->n_ports && r >= 0;) {
        size_t last = i;
        while (bare && last + 1 < rule->n_ports && rule->ports[last + 1].first == rule->ports[last].last + 1)
            last++; /* cut at 80 and 443 only for their schemes */
        r = buf_printf(out, "%c%u", i ? ',' : ':', rule->ports[i].first);
        if (r >= 0 && rule->ports[last].last != rule->ports[i].first)
            r = buf_printf(out, "-%u", rule->ports[last].last);
        i = last + 1;
    }
    if (r >= 0 && rule->sni_optional)
        r = buf_str(out, ",sni=optional");
    if (r >= 0 && rule->ech_allowed)
        r = buf_str(out, ",ech=allow");
    return r;
}

static bool ports_covered(const struct net_rule *outer, const struct net_rule *inner, const struct net_ports *ports)
{
    if (!net_host_covers(&outer->host, &inner->host))
        return false;
    for (size_t i = 0; i < outer->n_ports; i++) {
        const struct net_ports *o = &outer->ports[i];
        if (ports->first < o->first || ports->last > o->last || !net_scheme_covers(o->scheme, ports->scheme))
            continue;
        bool less = (inner->sni_optional && !outer->sni_optional) || (inner->ech_allowed && !outer->ech_allowed);
        if (!less || ports->scheme != NET_TLS || o->scheme == NET_TCP)
            return true;
    }
    return false;
}

bool net_rules_cover(const struct net_rule *outer, size_t n, const struct net_rule *inner,
                     const struct net_ports **ret_ports)
{
    for (size_t p = 0; p < inner->n_ports; p++) {
        bool covered = false;
        for (size_t i = 0; i < n && !covered; i++)
            covered = ports_covered(&outer[i], inner, &inner->ports[p]);
        if (covered)
            continue;
        if (ret_ports)
            *ret_ports = &inner->ports[p];
        return false;
    }
    return true;
}
