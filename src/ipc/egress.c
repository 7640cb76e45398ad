/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/egress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/host_name.h"

#define OPENS_PAGES ((unsigned)N_EGRESS_UNKNOWN) /* beside what unknown says, in its byte */

static const uint8_t magic[4] = { 'A', 'J', 'E', 'G' };
enum { HEADER = 12 };

/* --- writing: the first failure stays in w->result --- */

struct writer {
    struct buf *out;
    int result;
};

static void put(struct writer *w, const void *data, size_t len)
{
    if (w->result == 0)
        w->result = buf_add(w->out, data, len);
}

static void put_number(struct writer *w, uint32_t value, unsigned bytes)
{
    uint8_t data[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };
    put(w, data, bytes);
}

static void put_count(struct writer *w, size_t n, size_t max)
{
    if (n > max && w->result == 0)
        w->result = -E2BIG;
    put_number(w, (uint32_t)n, 4);
}

static void put_string(struct writer *w, const char *s)
{
    size_t len = strlen(s);
    if (len > UINT16_MAX && w->result == 0)
        w->result = -E2BIG;
    put_number(w, (uint32_t)len, 2);
    put(w, s, len + 1);
}

static void put_ip(struct writer *w, const struct ip *ip)
{
    put_number(w, ip->version, 1);
    put(w, ip->byte, sizeof(ip->byte));
}

static void put_rule(struct writer *w, const struct egress_rule *rule)
{
    put_number(w, rule->host.kind, 1);
    put_number(w, (rule->sni_optional ? 1U : 0U) | (rule->ech_allowed ? 2U : 0U), 1);
    if (rule->host.kind == NET_HOST_ADDRESS) {
        put_ip(w, &rule->host.prefix.ip);
        put_number(w, rule->host.prefix.bits, 1);
    } else {
        put_string(w, rule->host.name);
    }
    if (rule->n_ports > EGRESS_RULE_PORTS_MAX && w->result == 0)
        w->result = -E2BIG;
    put_number(w, (uint32_t)rule->n_ports, 2);
    for (size_t i = 0; i < rule->n_ports; i++) {
        put_number(w, rule->ports[i].first, 2);
        put_number(w, rule->ports[i].last, 2);
        put_number(w, rule->ports[i].scheme, 1);
    }
    put_string(w, rule->text);
    put_string(w, rule->origin);
}

static void put_ports(struct writer *w, const struct egress_port *ports, size_t n)
{
    put_count(w, n, EGRESS_PORTS_MAX);
    for (size_t i = 0; i < n; i++) {
        put_number(w, ports[i].inside, 2);
        put_number(w, ports[i].outside, 2);
    }
}

static void put_rules(struct writer *w, const struct egress_rule *rules, size_t n)
{
    put_count(w, n, EGRESS_RULES_MAX);
    for (size_t i = 0; i < n; i++)
        put_rule(w, &rules[i]);
}

static void put_names(struct writer *w, const struct egress_policy *p)
{
    put_count(w, p->n_servers, EGRESS_SERVERS_MAX);
    for (size_t i = 0; i < p->n_servers; i++) {
        put_ip(w, &p->servers[i].ip);
        put_number(w, p->servers[i].port, 2);
    }
    put_count(w, p->n_hosts, EGRESS_HOSTS_MAX);
    for (size_t i = 0; i < p->n_hosts; i++) {
        put_ip(w, &p->hosts[i].ip);
        put_string(w, p->hosts[i].name);
    }
}

int egress_encode(const struct egress_policy *policy, struct buf *out)
{
    _cleanup_buf_ struct buf blob = { 0 };
    struct writer w = { .out = &blob };
    put(&w, magic, sizeof(magic));
    put_number(&w, EGRESS_VERSION, 4);
    put_number(&w, 0, 4); /* the length, below */
    put_number(&w, policy->mode, 1);
    put_number(&w, policy->dns, 1);
    put_number(&w, policy->unknown | (policy->opens_pages ? OPENS_PAGES : 0U), 1);
    put_number(&w, policy->upstream, 1);
    put_number(&w, policy->upstream_port, 2);
    put_string(&w, policy->upstream_host);
    put_string(&w, policy->upstream_credentials);
    put_string(&w, policy->upstream_exceptions);
    put_rules(&w, policy->allow, policy->n_allow);
    put_rules(&w, policy->deny, policy->n_deny);
    put_ports(&w, policy->host_ports, policy->n_host_ports);
    put_ports(&w, policy->published, policy->n_published);
    put_names(&w, policy);
    if (w.result < 0 || blob.len > EGRESS_BLOB_MAX)
        return w.result < 0 ? w.result : -E2BIG;
    for (unsigned i = 0; i < 4; i++)
        blob.data[8 + i] = (char)(blob.len >> (8 * i));
    return buf_add(out, blob.data, blob.len);
}

/* --- reading: after the first thing that is not right, everything reads as 0 and r->bad stays --- */

struct reader {
    const uint8_t *at, *end;
    bool bad, no_memory;
    struct chunk *chunks;
};

/* What a decoded policy's arrays lie in. */
struct chunk {
    struct chunk *next;
    _Alignas(max_align_t) unsigned char data[];
};

static const uint8_t *get(struct reader *r, size_t len)
{
    if (r->bad || (size_t)(r->end - r->at) < len) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += len;
    return p;
}

static uint32_t get_number(struct reader *r, unsigned bytes)
{
    uint32_t value = 0;
    const uint8_t *p = get(r, bytes);
    for (unsigned i = 0; p && i < bytes; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

/* A number below n. */
static unsigned get_enum(struct reader *r, unsigned n)
{
    uint32_t value = get_number(r, 1);
    r->bad |= value >= n;
    return r->bad ? 0 : value;
}

static const char *get_string(struct reader *r)
{
    size_t len = get_number(r, 2);
    const char *s = (const char *)get(r, len + 1);
    if (s && (s[len] != '\0' || strlen(s) != len))
        r->bad = true;
    return r->bad ? "" : s;
}

static const char *get_name(struct reader *r)
{
    char name[HOST_NAME_SIZE];
    const char *s = get_string(r), *why;
    if (host_name_canonical(s, strlen(s), name, &why) < 0 || strcmp(name, s) != 0)
        r->bad = true;
    return s;
}

static void get_ip(struct reader *r, struct ip *ret)
{
    static const uint8_t zero[12];
    struct ip ip = { .version = (uint8_t)get_number(r, 1) };
    const uint8_t *p = get(r, sizeof(ip.byte));
    if (!p)
        return;
    memcpy(ip.byte, p, sizeof(ip.byte));
    if ((ip.version != 4 && ip.version != 6) || (ip.version == 4 && memcmp(ip.byte + 4, zero, 12) != 0))
        r->bad = true;
    *ret = ip;
}

static void get_prefix(struct reader *r, struct ip_prefix *ret)
{
    get_ip(r, &ret->ip);
    ret->bits = (uint8_t)get_number(r, 1);
    unsigned bits = ret->ip.version == 6 ? 128 : 32;
    r->bad |= ret->bits > bits;
    for (unsigned i = ret->bits; !r->bad && i < bits; i++)
        r->bad |= (ret->ip.byte[i / 8] & (0x80 >> i % 8)) != 0;
}

/* An array of *ret_n elements of size bytes, the number read with so many bytes and at most max; NULL if bad or none. An
 * element takes min bytes of the blob at least: more than can be in it is never allocated. */
static void *get_array(struct reader *r, unsigned bytes, size_t max, size_t min, size_t size, size_t *ret_n)
{
    size_t n = get_number(r, bytes);
    *ret_n = 0;
    r->bad |= n > max || n * min > (size_t)(r->end - r->at);
    if (r->bad || n == 0)
        return NULL;
    struct chunk *c = calloc(1, sizeof(*c) + n * size);
    if (!c) {
        r->bad = r->no_memory = true;
        return NULL;
    }
    c->next = r->chunks;
    r->chunks = c;
    *ret_n = n;
    return c->data;
}

static void get_rule(struct reader *r, bool denies, struct egress_rule *rule)
{
    rule->host.kind = (enum net_host_kind)get_enum(r, N_NET_HOST_KINDS);
    unsigned options = get_enum(r, 4);
    rule->sni_optional = options & 1;
    rule->ech_allowed = options & 2;
    if (rule->host.kind == NET_HOST_ADDRESS)
        get_prefix(r, &rule->host.prefix);
    else
        rule->host.name = get_name(r);
    rule->ports = get_array(r, 2, EGRESS_RULE_PORTS_MAX, 5, sizeof(*rule->ports), &rule->n_ports);
    for (size_t i = 0; i < rule->n_ports; i++) {
        struct net_ports *p = &rule->ports[i];
        p->first = (uint16_t)get_number(r, 2);
        p->last = (uint16_t)get_number(r, 2);
        p->scheme = (enum net_scheme)get_enum(r, denies ? N_NET_SCHEMES : NET_ANY);
        r->bad |= p->first == 0 || p->last < p->first;
    }
    r->bad |= rule->n_ports == 0;
    rule->text = get_string(r);
    rule->origin = get_string(r);
}

static struct egress_rule *get_rules(struct reader *r, bool denies, size_t *ret_n)
{
    struct egress_rule *rules = get_array(r, 4, EGRESS_RULES_MAX, 17, sizeof(*rules), ret_n);
    for (size_t i = 0; i < *ret_n && !r->bad; i++)
        get_rule(r, denies, &rules[i]);
    return rules;
}

static struct egress_port *get_ports(struct reader *r, size_t *ret_n)
{
    struct egress_port *ports = get_array(r, 4, EGRESS_PORTS_MAX, 4, sizeof(*ports), ret_n);
    for (size_t i = 0; i < *ret_n; i++) {
        ports[i].inside = (uint16_t)get_number(r, 2);
        ports[i].outside = (uint16_t)get_number(r, 2);
        r->bad |= ports[i].inside == 0 || ports[i].outside == 0;
    }
    return ports;
}

static void get_names(struct reader *r, struct egress_policy *p)
{
    p->servers = get_array(r, 4, EGRESS_SERVERS_MAX, 19, sizeof(*p->servers), &p->n_servers);
    for (size_t i = 0; i < p->n_servers; i++) {
        get_ip(r, &p->servers[i].ip);
        p->servers[i].port = (uint16_t)get_number(r, 2);
        r->bad |= p->servers[i].port == 0;
    }
    p->hosts = get_array(r, 4, EGRESS_HOSTS_MAX, 20, sizeof(*p->hosts), &p->n_hosts);
    for (size_t i = 0; i < p->n_hosts; i++) {
        get_ip(r, &p->hosts[i].ip);
        p->hosts[i].name = get_name(r);
    }
}

static void get_upstream(struct reader *r, struct egress_policy *p)
{
    char name[HOST_NAME_SIZE];
    const char *why;
    struct ip ip;
    p->upstream_port = (uint16_t)get_number(r, 2);
    p->upstream_host = get_string(r);
    p->upstream_credentials = get_string(r);
    p->upstream_exceptions = get_string(r);
    const char *host = p->upstream_host;
    if (p->upstream == EGRESS_DIRECT)
        r->bad |= *host != '\0' || p->upstream_port != 0;
    else
        r->bad |= p->upstream_port == 0 || (ip_parse(host, &ip) < 0 &&
                                            (host_name_canonical(host, strlen(host), name, &why) < 0 ||
                                             strcmp(name, host) != 0));
    for (const char *c = p->upstream_credentials; *c; c++)
        r->bad |= (unsigned char)*c < 0x20 || *c == 0x7f; /* it becomes a header line */
}

static void get_policy(struct reader *r, struct egress_policy *p)
{
    p->mode = (enum egress_mode)get_enum(r, N_EGRESS_MODES);
    p->dns = (enum egress_dns)get_enum(r, N_EGRESS_DNS);
    unsigned questions = get_enum(r, N_EGRESS_UNKNOWN * OPENS_PAGES);
    p->unknown = (enum egress_unknown)(questions % OPENS_PAGES);
    p->opens_pages = questions & OPENS_PAGES;
    p->upstream = (enum egress_upstream)get_enum(r, N_EGRESS_UPSTREAMS);
    get_upstream(r, p);
    p->allow = get_rules(r, false, &p->n_allow);
    p->deny = get_rules(r, true, &p->n_deny);
    p->host_ports = get_ports(r, &p->n_host_ports);
    p->published = get_ports(r, &p->n_published);
    get_names(r, p);
}

static void free_chunks(struct chunk *c)
{
    for (struct chunk *next; c; c = next) {
        next = c->next;
        free(c);
    }
}

int egress_decode(const void *blob, size_t len, struct egress_policy *ret)
{
    struct egress_policy policy = { 0 };
    struct reader r = { .at = blob, .end = (const uint8_t *)blob + len };
    const uint8_t *head = len >= HEADER && len <= EGRESS_BLOB_MAX ? get(&r, sizeof(magic)) : NULL;
    if (!head || memcmp(head, magic, sizeof(magic)) != 0 || get_number(&r, 4) != EGRESS_VERSION ||
        get_number(&r, 4) != len)
        return -EBADMSG;
    get_policy(&r, &policy);
    if (r.bad || r.at != r.end) {
        free_chunks(r.chunks);
        return r.no_memory ? -ENOMEM : -EBADMSG;
    }
    policy.memory = r.chunks;
    *ret = policy;
    return 0;
}

void egress_free(struct egress_policy *policy)
{
    free_chunks(policy->memory);
    *policy = (struct egress_policy){ 0 };
}
