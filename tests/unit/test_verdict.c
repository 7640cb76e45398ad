/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts on names, connections and addresses, with what is said of them; the table of names. */
#include "unit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/names.h"
#include "gateway/verdict.h"
#include "profile/net_rule.h"

static struct arena *arena;
static struct egress_rule allow[16], deny[16];
static struct egress_port host_ports[] = { { 5432, 5432 } };
static struct egress_policy policy;
static struct buf said;

static int no_ascii(const char *name, char *out, struct buf *why)
{
    (void)name;
    (void)out;
    return buf_str(why, "x") < 0 ? -ENOMEM : -EINVAL;
}

static int any_wildcard(const char *name, struct buf *why)
{
    (void)name;
    (void)why;
    return 0;
}

static void add(struct egress_rule *rules, size_t *n, const char *text, bool denies)
{
    static const struct net_names names = { no_ascii, any_wildcard };
    const struct net_rule_options options = { .denies = denies, .names = &names };
    _cleanup_buf_ struct buf why = { 0 };
    struct net_rule rule;
    ck_assert_msg(net_rule_parse(arena, text, &options, &rule, &why) == 0, "%s: %s", text, why.data);
    rules[(*n)++] = (struct egress_rule){ .host = rule.host, .ports = rule.ports, .n_ports = rule.n_ports,
                                        .sni_optional = rule.sni_optional, .ech_allowed = rule.ech_allowed,
                                        .text = rule.text, .origin = "p.ini:1" };
}

static void allows(const char *text)
{
    add(allow, &policy.n_allow, text, false);
}

static void denies(const char *text)
{
    add(deny, &policy.n_deny, text, true);
}

static void setup(void)
{
    arena = arena_new();
    policy = (struct egress_policy){ .allow = allow, .deny = deny, .host_ports = host_ports, .n_host_ports = 1 };
}

static void teardown(void)
{
    buf_free(&said);
    arena_free(arena);
}

static struct decision said_of(struct decision d)
{
    buf_free(&said);
    ck_assert_int_eq(verdict_explain(&d, &said), 0);
    return d;
}

static struct decision name(const char *text)
{
    struct decision d;
    verdict_name(&policy, text, &d);
    return said_of(d);
}

static struct decision connect_to(const char *text, uint16_t port, bool udp)
{
    struct decision d;
    verdict_connect(&policy, text, port, udp, &d);
    return said_of(d);
}

static struct decision address(const char *text, uint16_t port, bool dial)
{
    struct decision d;
    struct ip ip;
    ck_assert_int_eq(ip_parse(text, &ip), 0);
    (dial ? verdict_dial : verdict_address)(&policy, &ip, port, false, &d);
    return said_of(d);
}

START_TEST(test_names)
{
    ck_assert_int_eq(name("a.example").verdict, VERDICT_DENY); /* an empty policy allows nothing */
    ck_assert_str_eq(said.data, "no rule allows it");
    allows("a.example");
    allows("*.below.example");
    allows("**.tree.example:22");
    denies("x.tree.example");
    denies("y.tree.example:80");
    ck_assert_int_eq(name("a.example").verdict, VERDICT_ALLOW);
    ck_assert_int_eq(name("b.example").verdict, VERDICT_DENY);
    ck_assert_int_eq(name("x.below.example").verdict, VERDICT_ALLOW);
    ck_assert_int_eq(name("below.example").verdict, VERDICT_DENY);
    ck_assert_str_eq(said.data, "only names below it are allowed, by p.ini:1 (*.below.example)");
    ck_assert_int_eq(name("example").reason, VERDICT_ONLY_BELOW);
    ck_assert_int_eq(name("w.a.example").reason, VERDICT_ONLY_ABOVE);
    ck_assert_int_eq(name("tree.example").verdict, VERDICT_ALLOW);
    ck_assert_int_eq(name("x.tree.example").verdict, VERDICT_DENY);
    ck_assert_str_eq(said.data, "denied by p.ini:1 (x.tree.example)");
    ck_assert_int_eq(name("y.tree.example").verdict, VERDICT_ALLOW); /* at other ports */
    ck_assert_int_eq(name("host.agentjail.internal").verdict, VERDICT_ALLOW);
    policy.n_host_ports = 0;
    policy.unknown = EGRESS_UNKNOWN_ASK;
    ck_assert_int_eq(name("b.example").verdict, VERDICT_ASK);
    ck_assert_int_eq(name("x.tree.example").verdict, VERDICT_DENY); /* denied is not unknown */
    ck_assert_int_eq(name("host.agentjail.internal").verdict, VERDICT_DENY);
}
END_TEST

START_TEST(test_connections)
{
    allows("a.example:80,443");
    allows("db.example:5432");
    allows("udp://time.example:123");
    allows("old.example,sni=optional");
    allows("browser.example,ech=allow");
    allows("tls://both.example:9000");
    allows("tcp://both.example:9000");
    denies("a.example:80");
    struct decision d = connect_to("a.example", 443, false);
    ck_assert(d.verdict == VERDICT_ALLOW && d.scheme == NET_TLS && !d.sni_optional && d.rule == &allow[0]);
    d = connect_to("a.example", 80, false);
    ck_assert(d.verdict == VERDICT_DENY && d.rule == &deny[0]); /* deny wins */
    d = connect_to("a.example", 22, false);
    ck_assert(d.verdict == VERDICT_DENY && d.reason == VERDICT_OTHER_PORT);
    ck_assert_str_eq(said.data, "allowed at ports 80, 443 only, by p.ini:1 (a.example:80,443)");
    d = connect_to("db.example", 5432, false);
    ck_assert(d.verdict == VERDICT_ALLOW && d.scheme == NET_TCP);
    d = connect_to("time.example", 123, true);
    ck_assert(d.verdict == VERDICT_ALLOW && d.scheme == NET_UDP);
    d = connect_to("time.example", 123, false);
    ck_assert_int_eq(d.reason, VERDICT_OTHER_TRANSPORT);
    ck_assert_str_eq(said.data, "allowed over UDP only, by p.ini:1 (udp://time.example:123)");
    d = connect_to("a.example", 443, true); /* QUIC is no way around a tls rule */
    ck_assert_int_eq(d.verdict, VERDICT_DENY);
    ck_assert_str_eq(said.data, "allowed over TCP only, by p.ini:1 (a.example:80,443)");
    ck_assert(connect_to("old.example", 443, false).sni_optional);
    ck_assert(!connect_to("old.example", 443, false).ech_allowed);
    ck_assert(connect_to("browser.example", 443, false).ech_allowed);
    ck_assert_int_eq(connect_to("both.example", 9000, false).scheme, NET_TCP);
    ck_assert_int_eq(connect_to("host.agentjail.internal", 5432, false).verdict, VERDICT_ALLOW);
    ck_assert_int_eq(connect_to("host.agentjail.internal", 5433, false).verdict, VERDICT_DENY);
    ck_assert_int_eq(connect_to("host.agentjail.internal", 5432, true).verdict, VERDICT_DENY);
    policy.mode = EGRESS_OPEN;
    ck_assert_int_eq(connect_to("any.example", 1234, false).reason, VERDICT_BY_MODE);
    ck_assert_int_eq(connect_to("a.example", 80, false).verdict, VERDICT_DENY);
    ck_assert_int_eq(name("any.example").verdict, VERDICT_ALLOW);
}
END_TEST

START_TEST(test_addresses)
{
    allows("a.example");
    allows("10.0.0.0/8:5432");
    allows("0.0.0.0/0:123");
    denies("10.9.0.0/16");
    ck_assert_int_eq(address("10.1.2.3", 5432, false).verdict, VERDICT_ALLOW);
    ck_assert_int_eq(address("10.1.2.3", 22, false).reason, VERDICT_OTHER_PORT);
    ck_assert_int_eq(address("10.9.1.1", 5432, false).verdict, VERDICT_DENY);
    ck_assert_int_eq(address("::ffff:10.9.1.1", 5432, false).rule == &deny[0], true);
    ck_assert_int_eq(address("64:ff9b::10.9.1.1", 5432, false).rule == &deny[0], true);
    ck_assert_int_eq(address("::ffff:10.1.2.3", 5432, false).verdict, VERDICT_ALLOW); /* the same place */
    ck_assert_int_eq(address("64:ff9b::10.1.2.3", 5432, false).verdict, VERDICT_DENY);
    ck_assert_int_eq(address("192.168.0.1", 123, false).reason, VERDICT_NOT_PUBLIC); /* 0.0.0.0/0 names no range */
    ck_assert_str_eq(said.data, "the address is private, and no rule names that range");
    ck_assert_int_eq(address("8.8.8.8", 123, false).verdict, VERDICT_ALLOW);
    ck_assert_int_eq(address("8.8.8.8", 443, false).verdict, VERDICT_DENY); /* no name was answered with it */
    ck_assert_int_eq(address("8.8.8.8", 443, true).verdict, VERDICT_ALLOW);  /* one was, and that was allowed */
    ck_assert_int_eq(address("10.1.2.3", 443, true).verdict, VERDICT_DENY);
    ck_assert_int_eq(address("10.1.2.3", 5432, true).verdict, VERDICT_ALLOW);
    static const char *const closed[] = { "127.0.0.1",          "169.254.169.254", "::1",       "fd00:ec2::254",
                                          "::ffff:127.0.0.1",   "64:ff9b::7f00:1", "2002:7f00:1::", "192.168.1.1",
                                          "100.64.0.1",         "0.0.0.0",         "fe80::1",   "224.0.0.1" };
    for (int open = 0; open < 2; open++) {
        policy.mode = open ? EGRESS_OPEN : EGRESS_FILTERED;
        for (size_t i = 0; i < ELEMENTSOF(closed); i++) {
            ck_assert_msg(address(closed[i], 443, true).verdict == VERDICT_DENY, "%s", closed[i]);
            ck_assert_msg(address(closed[i], 443, false).verdict == VERDICT_DENY, "%s", closed[i]);
        }
    }
    ck_assert_int_eq(address("8.8.8.8", 443, false).verdict, VERDICT_ALLOW); /* open */
}
END_TEST

START_TEST(test_lines)
{
    static const struct {
        const char *host;
        uint16_t port;
        bool udp;
        const char *line;
    } samples[] = {
        { "a.example", 443, false, "allow = a.example" },
        { "a.example", 8443, false, "allow = a.example:8443" },
        { "a.example", 443, true, "allow = udp://a.example:443" },
        { "10.0.0.1", 22, false, "allow = 10.0.0.1:22" },
        { "fd00::1", 22, false, "allow = [fd00::1]:22" },
        { "host.agentjail.internal", 5432, false, "host-port = 5432" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        _cleanup_buf_ struct buf out = { 0 };
        verdict_line(samples[i].host, samples[i].port, samples[i].udp, &out);
        ck_assert_str_eq(out.data, samples[i].line);
        if (strncmp(out.data, "allow = ", 8) == 0) { /* and it does allow it */
            struct ip ip;
            policy.n_allow = 0;
            allows(out.data + 8);
            if (ip_parse(samples[i].host, &ip) == 0)
                ck_assert_int_eq(address(samples[i].host, samples[i].port, false).verdict, VERDICT_ALLOW);
            else
                ck_assert_int_eq(connect_to(samples[i].host, samples[i].port, samples[i].udp).verdict, VERDICT_ALLOW);
        }
    }
    allows("b.example");
    denies("c.example");
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(verdict_rule_number(&policy, verdict_rule(&policy, i)), i);
    ck_assert_ptr_eq(verdict_rule(&policy, 2), &deny[0]);
    ck_assert_ptr_null(verdict_rule(&policy, 3));
    ck_assert_ptr_null(verdict_rule(&policy, -1));
    ck_assert_int_eq(verdict_rule_number(&policy, NULL), -1);
    struct egress_policy one_list = { .allow = allow, .n_allow = 2 }; /* the other is none, as where nothing is denied */
    ck_assert_int_eq(verdict_rule_number(&one_list, &allow[1]), 1);
    ck_assert_int_eq(verdict_rule_number(&one_list, &deny[0]), -1);
    ck_assert_ptr_null(verdict_rule(&one_list, 2));
}
END_TEST

/* --- the table of names --- */

static const uint8_t seed[16] = "sixteen bytes  ";

START_TEST(test_synthetic)
{
    struct name_table *t = name_table_new(seed);
    char text[32], shown[IP_TEXT_MAX];
    for (int i = 0; i < NAMES_MAX; i++) {
        snprintf(text, sizeof(text), "n%d.example", i);
        ck_assert_int_eq(name_table_add(t, text), i);
        ck_assert_int_eq(name_table_add(t, text), i);
    }
    ck_assert_int_eq(name_table_add(t, "one.more.example"), -ENOSPC);
    ck_assert_int_eq(name_table_find(t, "one.more.example"), -ENOENT);
    ck_assert_int_eq(name_table_add(t, "n77.example"), 77); /* old ones stay */
    for (int i = 0; i < NAMES_MAX; i++) {
        struct ip v4 = name_table_v4(i), v6 = name_table_v6(i);
        snprintf(text, sizeof(text), "n%d.example", i);
        ck_assert_str_eq(name_table_name(t, i), text);
        ck_assert_int_eq(name_table_find(t, text), i);
        ck_assert_int_eq(name_table_by_address(t, &v4), i);
        ck_assert_int_eq(name_table_by_address(t, &v6), i);
        ck_assert(name_table_is_synthetic(&v4) && name_table_is_synthetic(&v6));
        ck_assert(v4.byte[3] != 0 && v4.byte[3] != 255);
    }
    struct ip first = name_table_v4(0), last = name_table_v4(NAMES_MAX - 1);
    ck_assert_str_eq(ip_format(&first, shown), "198.18.1.1");
    ck_assert_str_eq(ip_format(&last, shown), "198.18.65.128");
    name_table_free(t);
}
END_TEST

START_TEST(test_foreign_addresses)
{
    static const char *const none[] = { "198.18.0.1", "198.18.1.0", "198.18.1.255", "198.18.1.2", "198.19.1.1", "8.8.8.8",
                                        "fd61:6765:6e74:6a61:696c:1::", "fd61:6765:6e74:6a61:696c:1:0:2",
                                        "fd61:6765:6e74:6a61:696c:1:1:1", "fd61:6765:6e74:6a61:696c::1", "198.18.255.254" };
    struct name_table *t = name_table_new(seed);
    ck_assert_int_eq(name_table_add(t, "a"), 0);
    for (size_t i = 0; i < ELEMENTSOF(none); i++) {
        struct ip ip;
        ck_assert_int_eq(ip_parse(none[i], &ip), 0);
        ck_assert_msg(name_table_by_address(t, &ip) == -ENOENT, "%s", none[i]);
    }
    struct ip mapped;
    ck_assert_int_eq(ip_parse("::ffff:198.18.1.1", &mapped), 0);
    ck_assert_int_eq(name_table_by_address(t, &mapped), 0);
    name_table_free(t);
}
END_TEST

START_TEST(test_true_addresses)
{
    struct name_table *t = name_table_new(seed);
    struct ip a = { 4, { 1, 2, 3, 4 } }, b = { 4, { 1, 2, 3, 5 } };
    size_t at = 0;
    ck_assert_int_eq(name_table_answered(t, &a, &at), -ENOENT);
    int one = name_table_add(t, "one"), two = name_table_add(t, "two");
    ck_assert_int_eq(name_table_note(t, one, &a), 0);
    ck_assert_int_eq(name_table_note(t, two, &a), 0);
    ck_assert_int_eq(name_table_note(t, two, &a), 0);
    ck_assert_int_eq(name_table_note(t, two, &b), 0);
    ck_assert_int_eq(name_table_answered(t, &a, &at), two);
    ck_assert_int_eq(name_table_answered(t, &a, &at), one);
    ck_assert_int_eq(name_table_answered(t, &a, &at), -ENOENT);
    for (unsigned i = 3; i < NAMES_ANSWERS_MAX; i++) {
        struct ip ip = { 4, { 9, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };
        ck_assert_int_eq(name_table_note(t, one, &ip), 0);
    }
    struct ip more = { 4, { 8 } };
    ck_assert_int_eq(name_table_note(t, one, &more), -ENOSPC);
    ck_assert_int_eq(name_table_note(t, one, &a), 0);
    name_table_free(t);
}
END_TEST

START_TEST(test_long_names)
{
    struct name_table *t = name_table_new(seed);
    char text[254];
    int n = 0, r = 0;
    for (; r >= 0; n++) {
        snprintf(text, sizeof(text), "%0253d", n);
        r = name_table_add(t, text);
    }
    ck_assert_int_eq(r, -ENOSPC); /* the bytes, not the number */
    ck_assert_int_eq(n - 1, NAMES_BYTES / 254);
    name_table_free(t);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("verdict");
    TCase *tc = tcase_create("verdict");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_connections);
    tcase_add_test(tc, test_addresses);
    tcase_add_test(tc, test_lines);
    tcase_add_test(tc, test_synthetic);
    tcase_add_test(tc, test_foreign_addresses);
    tcase_add_test(tc, test_true_addresses);
    tcase_add_test(tc, test_long_names);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
