/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network rules: what they mean, what is refused and what is said then, which rule another covers. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "profile/net_rule.h"

static struct arena *arena;
static unsigned asked; /* of the libraries' stand-ins */

static int to_ascii(const char *name, char *out, struct buf *why)
{
    asked++;
    if (strncmp(name, "b\303\274cher", 7) == 0) {
        strcpy(out, "xn--bcher-kva.example");
        return 0;
    }
    return buf_str(why, "is no name of IDNA") < 0 ? -ENOMEM : -EINVAL;
}

static int check_wildcard(const char *name, struct buf *why)
{
    asked++;
    if (strchr(name, '.'))
        return 0;
    return buf_printf(why, "%s is a public suffix", name) < 0 ? -ENOMEM : -EPERM;
}

static const struct net_names names = { to_ascii, check_wildcard };

static void setup(void)
{
    arena = arena_new();
    ck_assert_ptr_nonnull(arena);
    asked = 0;
}

static void teardown(void)
{
    arena_free(arena);
}

static struct net_rule rule(const char *text, bool denies)
{
    const struct net_rule_options options = { .denies = denies, .names = &names };
    _cleanup_buf_ struct buf why = { 0 };
    struct net_rule rule;
    int r = net_rule_parse(arena, text, &options, &rule, &why);
    ck_assert_msg(r == 0, "%s: %s", text, why.data);
    ck_assert_str_eq(rule.text, text);
    return rule;
}

/* Ports with their schemes, as "1-79 tcp, 80 http". */
static void describe(const struct net_rule *r, struct buf *out)
{
    for (size_t i = 0; i < r->n_ports; i++) {
        buf_printf(out, "%s%u", i ? ", " : "", r->ports[i].first);
        if (r->ports[i].last != r->ports[i].first)
            buf_printf(out, "-%u", r->ports[i].last);
        buf_printf(out, " %s", net_scheme_name(r->ports[i].scheme));
    }
}

static void same_rule(const char *text, bool denies, const char *canonical, const char *ports)
{
    _cleanup_buf_ struct buf shown = { 0 }, again = { 0 }, list = { 0 };
    struct net_rule r = rule(text, denies);
    ck_assert_int_eq(net_rule_format(&r, &shown), 0);
    describe(&r, &list);
    ck_assert_str_eq(shown.data, canonical);
    ck_assert_str_eq(list.data, ports);
    struct net_rule second = rule(shown.data, denies); /* and means the same when read again */
    ck_assert_int_eq(net_rule_format(&second, &again), 0);
    ck_assert_str_eq(again.data, canonical);
    ck_assert_uint_eq(second.n_ports, r.n_ports);
}

START_TEST(test_meaning)
{
    same_rule("example.com", false, "tls://example.com:443", "443 tls");
    same_rule("Example.COM.", false, "tls://example.com:443", "443 tls");
    same_rule("example.com:80", false, "http://example.com:80", "80 http");
    same_rule("example.com:22", false, "tcp://example.com:22", "22 tcp");
    same_rule("tls://example.com", false, "tls://example.com:443", "443 tls");
    same_rule("http://example.com", false, "http://example.com:80", "80 http");
    same_rule("http://example.com:8080", false, "http://example.com:8080", "8080 http");
    same_rule("udp://example.com:123", false, "udp://example.com:123", "123 udp");
    same_rule("tcp://example.com:443", false, "tcp://example.com:443", "443 tcp");
    same_rule("example.com:443,80", false, "example.com:80,443", "80 http, 443 tls");
    same_rule("example.com:79-81", false, "example.com:79-81", "79 tcp, 80 http, 81 tcp");
    same_rule("example.com:1-65535", false, "example.com:1-65535", "1-79 tcp, 80 http, 81-442 tcp, 443 tls, 444-65535 tcp");
    same_rule("example.com:8000-8010,8005-8020,8021,9000", false, "tcp://example.com:8000-8021,9000",
              "8000-8021 tcp, 9000 tcp");
    same_rule("example.com:65535,65534", false, "tcp://example.com:65534-65535", "65534-65535 tcp");
    same_rule("tls://example.com:443,8443,sni=optional", false, "tls://example.com:443,8443,sni=optional",
              "443 tls, 8443 tls");
    same_rule("example.com,ech=allow,sni=optional", false, "tls://example.com:443,sni=optional,ech=allow", "443 tls");
    same_rule("example.com,sni=optional", false, "tls://example.com:443,sni=optional", "443 tls");
    same_rule("*.example.com", false, "tls://*.example.com:443", "443 tls");
    same_rule("**.example.com", false, "tls://**.example.com:443", "443 tls");
    same_rule("10.0.0.0/8:5432", false, "tcp://10.0.0.0/8:5432", "5432 tcp");
    same_rule("192.0.2.1", false, "tls://192.0.2.1:443", "443 tls");
    same_rule("[FD00::/8]:22", false, "tcp://[fd00::/8]:22", "22 tcp");
    same_rule("[fd00:0::1]", false, "tls://[fd00::1]:443", "443 tls");
    same_rule("0.0.0.0/0:123", false, "tcp://0.0.0.0/0:123", "123 tcp");
    same_rule("my_host.corp.example", false, "tls://my_host.corp.example:443", "443 tls");
    same_rule("r3---sn-a.example.com", false, "tls://r3---sn-a.example.com:443", "443 tls");
    /* To deny without a port or scheme is to deny all. */
    same_rule("example.com", true, "example.com", "1-65535 any");
    same_rule("example.com:53", true, "example.com:53", "53 any");
    same_rule("tcp://example.com", true, "tcp://example.com:1-65535", "1-65535 tcp");
    same_rule("**.com", true, "**.com", "1-65535 any");
    same_rule("224.0.0.0/4", true, "224.0.0.0/4", "1-65535 any");
}
END_TEST

START_TEST(test_libraries)
{
    rule("example.com", false);
    rule("xn--bcher-kva.example", false);
    rule("10.0.0.0/8", false);
    rule("**.com", true);
    rule("*.internal", false);
    rule("*.db.corp", false);
    ck_assert_uint_eq(asked, 0); /* none of these needs one */
    struct net_rule r = rule("b\303\274cher.example", false);
    ck_assert_str_eq(r.host.name, "xn--bcher-kva.example");
    ck_assert_uint_eq(asked, 1);
    rule("*.example.com", false);
    ck_assert_uint_eq(asked, 2);
    const struct net_rule_options trusted = { .trusted = true, .names = &names };
    _cleanup_buf_ struct buf why = { 0 };
    ck_assert_int_eq(net_rule_parse(arena, "*.example.com", &trusted, &r, &why), 0);
    ck_assert_uint_eq(asked, 2);
}
END_TEST

struct refusal {
    const char *text, *why;
};

static void check_refused(const struct refusal *samples, size_t n)
{
    const struct net_rule_options options = { .names = &names };
    for (size_t i = 0; i < n; i++) {
        _cleanup_buf_ struct buf why = { 0 };
        struct net_rule r = { .n_ports = 77 };
        int result = net_rule_parse(arena, samples[i].text, &options, &r, &why);
        ck_assert_msg(result == -EINVAL, "\"%s\" gave %d", samples[i].text, result);
        ck_assert_msg(strstr(why.data, samples[i].why), "\"%s\": %s", samples[i].text, why.data);
        ck_assert_uint_eq(r.n_ports, 77);
    }
}

START_TEST(test_refused)
{
    static char long_label[80], long_name[300];
    memset(long_label, 'a', 64);
    strcpy(long_label + 64, ".com");
    for (int i = 0; i < 280; i += 2)
        memcpy(long_name + i, "a.", 2);
    strcpy(long_name + 280, "com");
    const struct refusal samples[] = {
        { "", "is empty" },
        { "https://example.com", "write tls://HOST" },
        { "https://example.com/path", "write tls://HOST" },
        { "ssh://example.com", "write tcp://HOST:22" },
        { "ftp://example.com", "unknown scheme \"ftp\"" },
        { "://example.com", "unknown scheme" },
        { "TLS://example.com", "unknown scheme" },
        { "tls://", "no host" },
        { "tls://:443", "no host" },
        { "example.com/path", "has a path" },
        { "tls://example.com/", "has a path" },
        { "user@example.com", "user name; write example.com" },
        { "example.com evil.com", "one rule a line" },
        { "a\tb", "control character 0x09" },
        { "a\177b", "control character 0x7f" },
        { "a..b", "empty label" },
        { ".a", "empty label" },
        { "a.com..", "empty label" },
        { ".", "is empty" },
        { "-a.com", "begins or ends with '-'" },
        { "a-.com", "begins or ends with '-'" },
        { "a!b.com", "character that host names do not have" },
        { "a%00.com", "character that host names do not have" },
        { long_label, "more than 63 bytes" },
        { long_name, "more than 253 bytes" },
        { "*", "mode = open" },
        { "**", "mode = open" },
        { "a.*.com", "'*' stands only" },
        { "*a.com", "'*' stands only" },
        { "***.a.com", "'*' stands only" },
        { "*.*.com", "'*' stands only" },
        { "*.com", "com is a public suffix" },
        { "**.uk", "uk is a public suffix" },
        { "*.127.0.0.1", "no names below it" },
        { "127.1", "write 127.0.0.1" },
        { "0x7f000001", "write 127.0.0.1" },
        { "0x7f.0.0.1", "write 127.0.0.1" },
        { "0177.0.0.1", "write 127.0.0.1" },
        { "2130706433", "write 127.0.0.1" },
        { "1.2.3.4.", "ends in a number" },
        { "1.2.3.4.5", "ends in a number" },
        { "1.2.3.256", "ends in a number" },
        { "example.1", "ends in a number" },
        { "10.1.2.3/8", "bits set behind the prefix" },
        { "10.0.0.0/33", "no address or prefix" },
        { "10.0.0/8", "write 10.0.0.0" },
    };
    check_refused(samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_refused_addresses)
{
    static const struct refusal samples[] = {
        { "fd00::1", "in brackets" },
        { "fd00::/8:443", "in brackets" },
        { "[fd00::1", "without its ']'" },
        { "[fd00::1]443", "without its ']'" },
        { "[example.com]:443", "brackets are for IPv6" },
        { "[10.0.0.1]:443", "brackets are for IPv6" },
        { "[fe80::1%eth0]", "has a zone" },
        { "[fd00:::1]", "no address" },
        { "[::ffff:10.0.0.1]", "write the IPv4 address" },
        { "224.0.0.1", "multicast" },
        { "[ff02::1]", "multicast" },
        { "0.0.0.0", "unspecified" },
        { "localhost", "host-port" },
        { "LOCALHOST.:80", "host-port" },
        { "a.localhost", "host-port" },
        { "host.agentjail.internal:1", "host-port" },
        { "*.agentjail.internal", "host-port" },
        { "example.com:", "no port" },
        { "example.com:0", "no port" },
        { "example.com:65536", "no port" },
        { "example.com:99999", "no port" },
        { "example.com:080", "no port" },
        { "example.com:+80", "no port" },
        { "example.com:http", "no port" },
        { "example.com:80,", "no port" },
        { "example.com:80-", "no port" },
        { "example.com:-80", "no port" },
        { "example.com:80-81-82", "no port" },
        { "example.com:90-80", "ends before it begins" },
        { "example.com,443", "behind a ':'" },
        { "example.com,sni=maybe", "there are sni=optional and ech=allow" },
        { "example.com:443,sni=optional,80", "behind a ':'" },
        { "tcp://example.com:22,sni=optional", "sni=optional is for tls only" },
        { "example.com:80,ech=allow", "ech=allow is for tls only" },
        { "\377.com", "not UTF-8" },
        { "\342\200\256.com", "no name of IDNA" },
    };
    check_refused(samples, ELEMENTSOF(samples));
}
END_TEST

START_TEST(test_many_ports)
{
    _cleanup_buf_ struct buf text = { 0 }, why = { 0 };
    const struct net_rule_options options = { .names = &names };
    struct net_rule r;
    buf_str(&text, "a.com:2");
    for (unsigned i = 1; i < NET_RULE_PORTS_MAX; i++)
        buf_printf(&text, ",%u", 2 + i * 2);
    ck_assert_int_eq(net_rule_parse(arena, text.data, &options, &r, &why), 0);
    ck_assert_uint_eq(r.n_ports, NET_RULE_PORTS_MAX);
    buf_str(&text, ",9999");
    ck_assert_int_eq(net_rule_parse(arena, text.data, &options, &r, &why), -EINVAL);
}
END_TEST

START_TEST(test_covers)
{
    static const struct {
        const char *outer, *inner;
        bool covers;
    } samples[] = {
        { "a.com", "a.com", true },
        { "a.com", "b.com", false },
        { "a.com", "x.a.com", false },
        { "*.a.com", "x.a.com", true },
        { "*.a.com", "x.y.a.com", true },
        { "*.a.com", "a.com", false },
        { "*.a.com", "xa.com", false },
        { "**.a.com", "a.com", true },
        { "**.a.com", "*.a.com", true },
        { "*.a.com", "**.a.com", false },
        { "*.a.com", "**.x.a.com", true },
        { "*.a.com", "*.x.a.com", true },
        { "*.x.a.com", "*.a.com", false },
        { "a.com", "*.a.com", false },
        { "10.0.0.0/8", "10.1.0.0/16", true },
        { "10.1.0.0/16", "10.0.0.0/8", false },
        { "10.0.0.0/8", "a.com", false },
        { "**.a.com", "10.0.0.1", false },
        { "a.com:80,443", "a.com:443", true },
        { "a.com:443", "a.com:80,443", false },
        { "a.com:1-65535", "a.com:22,80,443", true },
        { "a.com:8000-9000", "a.com:8080", true },
        { "a.com:8000-9000", "a.com:8999-9001", false },
        { "tcp://a.com:443", "tls://a.com:443", true },
        { "tls://a.com:443", "tcp://a.com:443", false },
        { "tcp://a.com:443", "udp://a.com:443", false },
        { "http://a.com:443", "tls://a.com:443", false },
        { "a.com", "a.com,sni=optional", false },
        { "a.com,sni=optional", "a.com", true },
        { "tcp://a.com:443", "a.com,sni=optional", true },
        { "a.com", "a.com,ech=allow", false },
        { "a.com,sni=optional", "a.com,ech=allow", false },
        { "a.com,ech=allow,sni=optional", "a.com,ech=allow", true },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct net_rule outer = rule(samples[i].outer, false), inner = rule(samples[i].inner, false);
        ck_assert_msg(net_rules_cover(&outer, 1, &inner, NULL) == samples[i].covers, "%s over %s", samples[i].outer,
                      samples[i].inner);
    }
    struct net_rule two[] = { rule("a.com:80", false), rule("**.a.com:443", false) };
    struct net_rule both = rule("a.com:80,443", false), more = rule("a.com:80,443,22", false);
    const struct net_ports *ports = NULL;
    ck_assert(net_rules_cover(two, 2, &both, NULL));
    ck_assert(!net_rules_cover(two, 2, &more, &ports));
    ck_assert_uint_eq(ports->first, 22);
    ck_assert(!net_rules_cover(two, 0, &both, NULL)); /* an empty list allows nothing */
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("net_rule");
    TCase *tc = tcase_create("net_rule");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_meaning);
    tcase_add_test(tc, test_libraries);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_refused_addresses);
    tcase_add_test(tc, test_many_ports);
    tcase_add_test(tc, test_covers);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
