/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of network rules. The first byte chooses allow or deny. Properties: a rule that is refused says why; one that
 * is taken has a canonical name or an address, ports in order, covers itself, and means the same written out. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "profile/net_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What a library might give back: now and then nothing good. */
static int to_ascii(const char *name, char *out, struct buf *why)
{
    if (strlen(name) % 3 == 0)
        return buf_str(why, "is refused") < 0 ? -ENOMEM : -EINVAL;
    strcpy(out, strlen(name) % 3 == 1 ? "xn--a.example" : "127.1");
    return 0;
}

static int check_wildcard(const char *name, struct buf *why)
{
    return strchr(name, '.') ? 0 : buf_str(why, "is a suffix") < 0 ? -ENOMEM : -EPERM;
}

static void check(const struct net_rule *rule, bool denies)
{
    char name[HOST_NAME_SIZE];
    const char *why;
    require(rule->n_ports > 0 && rule->n_ports <= NET_RULE_PORTS_MAX + 4);
    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct net_ports *p = &rule->ports[i];
        require(p->first > 0 && p->first <= p->last);
        require(i == 0 || rule->ports[i - 1].last < p->first);
        require(denies || p->scheme != NET_ANY);
    }
    if (rule->host.kind == NET_HOST_ADDRESS) {
        require(!rule->host.name && ip_prefix_covers(&rule->host.prefix, &rule->host.prefix));
        return;
    }
    require(host_name_canonical(rule->host.name, strlen(rule->host.name), name, &why) == 0);
    require(strcmp(name, rule->host.name) == 0 && !ip_looks_like_number(name));
    require(denies || strcmp(name, "localhost") != 0);
}

static void again(struct arena *arena, const struct net_rule *rule, const struct net_rule_options *options)
{
    struct net_rule second;
    struct buf text = { 0 }, more = { 0 }, why = { 0 };
    require(net_rule_format(rule, &text) == 0);
    require(net_rule_parse(arena, text.data, options, &second, &why) == 0);
    require(net_rule_format(&second, &more) == 0 && strcmp(text.data, more.data) == 0);
    require(net_rules_cover(rule, 1, &second, NULL) && net_rules_cover(&second, 1, rule, NULL));
    buf_free(&text);
    buf_free(&more);
    buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct net_names names = { to_ascii, check_wildcard };
    if (size == 0)
        return 0;
    const struct net_rule_options options = { .denies = data[0] & 1, .trusted = data[0] & 2, .names = &names };
    struct arena *arena = arena_new();
    struct buf why = { 0 }, text = { 0 };
    struct net_rule rule;
    require(arena && buf_add(&text, data + 1, size - 1) == 0);
    int r = net_rule_parse(arena, text.data, &options, &rule, &why);
    require(r == 0 || (r == -EINVAL && why.len > 0));
    if (r == 0) {
        check(&rule, options.denies);
        again(arena, &rule, &options);
    }
    buf_free(&why);
    buf_free(&text);
    arena_free(arena);
    return 0;
}
