/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [network] from files and options to the policy, and what ceilings leave of it. */
#include "profile_fixture.h"

#include "profile/net_rule.h"
#include "profile/upstream.h"

#define ceiling(text) fx_file(CEILING("10.ini"), text)

START_TEST(test_rules)
{
    fx_ok("x");
    ck_assert_uint_eq(fx.policy.n_net_allow, 0); /* nothing is allowed by default */
    ck_assert_int_eq(fx.policy.dns, DNS_SYNTHETIC);
    ck_assert_int_eq(fx.policy.unknown, UNKNOWN_DENY);
    ck_assert_int_eq(fx.policy.open_url, OPEN_URL_DENY);

    fx_default("[network]\nallow = A.example\nallow = b.example:22\ndeny = c.example\n");
    fx_ok("--net-allow=d.example", "x");
    ck_assert_uint_eq(fx.policy.n_net_allow, 3);
    ck_assert_uint_eq(fx.policy.n_net_deny, 1);
    ck_assert_str_eq(fx.policy.net_allow[0].host.name, "a.example");
    ck_assert_str_eq(fx.policy.net_allow[0].text, "A.example");
    ck_assert_uint_eq(fx.policy.net_allow[1].origin.line, 3);
    ck_assert_str_eq(fx.policy.net_allow[2].origin.file, "command line");
    ck_assert_int_eq(fx.policy.net_deny[0].ports[0].scheme, NET_ANY);
    fx_ok("--net-allow=", "--net-allow=e.example", "x");
    ck_assert_uint_eq(fx.policy.n_net_allow, 1);
    ck_assert_str_eq(fx.policy.net_allow[0].host.name, "e.example");
    fx_ok("--net-allow=", "x"); /* emptied: allows nothing (CVE-2025-66479) */
    ck_assert_uint_eq(fx.policy.n_net_allow, 0);

    fx_refused("--net-deny=https://x: rules have no https://", "--net-deny=https://x", "x");

    fx_default("[network]\n\nallow = 127.1\n");
    fx_refused("default.ini:3: allow: \"127.1\" is a short, hexadecimal or octal address; write 127.0.0.1", "x");
    fx_default("[network]\nallow = a.example b.example\n");
    fx_refused("one rule a line", "x");
}
END_TEST

START_TEST(test_many_rules)
{
    _cleanup_buf_ struct buf text = { 0 };
    buf_str(&text, "[network]\n");
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "allow = n%d.example\n", i);
    fx_default(text.data);
    fx_ok("x");
    ck_assert_uint_eq(fx.policy.n_net_allow, 1000);
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(fx.policy.net_allow[i].origin.line, i + 2);
}
END_TEST

START_TEST(test_modes)
{
    fx_ok("--net-allow=a.example", "x");
    ck_assert(fx_noted("--net-allow does nothing with network mode none"));
    fx_ok("--host-port=5432", "x");
    ck_assert(fx_noted("--host-port does nothing"));
    fx_ok("--open-url=ask", "--net-unknown=ask", "--upstream=http://proxy.example:3128", "x");
    ck_assert(fx_noted("--open-url does nothing with network mode none; add --network=filtered"));
    ck_assert(fx_noted("--net-unknown does nothing"));
    ck_assert(fx_noted("--upstream does nothing"));
    fx_ok("--network=host", "--open-url=allow", "x");
    ck_assert(fx_noted("--open-url does nothing with network mode host"));
    fx_ok("--network=filtered", "--open-url=allow", "--net-unknown=ask", "x");
    ck_assert(!fx_noted("does nothing"));
    fx_default("[network]\nmode = none\nallow = a.example\n");
    fx_ok("x");
    ck_assert(!fx_noted("does nothing")); /* a profile's rules wait for the mode */
    fx_refused("--net-deny: nothing can be denied on the host's own network", "--network=host", "--net-deny=a.example",
               "x");
    fx_ok("--network=host", "--net-deny=a.example", "--net-deny=", "x");
}
END_TEST

START_TEST(test_ports)
{
    fx_default("[network]\nhost-port = 5432\npublish = 3000\npublish = 3001:8080\n");
    fx_ok("--host-port=6379", "--publish=3000", "x");
    ck_assert_uint_eq(fx.policy.n_host_ports, 2);
    ck_assert_uint_eq(fx.policy.host_ports[1].outside, 6379);
    ck_assert_uint_eq(fx.policy.n_published, 2); /* 3000 was said twice */
    ck_assert_uint_eq(fx.policy.published[0].inside, 3000);
    ck_assert_uint_eq(fx.policy.published[0].outside, 3000);
    ck_assert_uint_eq(fx.policy.published[1].inside, 3001);
    ck_assert_uint_eq(fx.policy.published[1].outside, 8080);
    fx_refused("port 8080 of this host already leads to port 3001", "--publish=1:8080", "x");
    fx_refused("no port from 1 to 65535", "--publish=0", "x");
    fx_refused("no port from 1 to 65535", "--publish=1:0", "x");
    fx_refused("no port from 1 to 65535", "--publish=65536", "x");
    fx_refused("no port from 1 to 65535", "--publish=1:", "x");
    fx_refused("no port from 1 to 65535", "--publish=127.0.0.1", "x");
    fx_refused("no port from 1 to 65535", "--host-port=http", "x");
    fx_refused("the same number inside", "--host-port=1:2", "x");
    fx_ok("--publish=", "--host-port=", "x");
    ck_assert_uint_eq(fx.policy.n_published + fx.policy.n_host_ports, 0);
}
END_TEST

static void check_upstream(const char *want)
{
    _cleanup_buf_ struct buf text = { 0 };
    ck_assert_int_eq(upstream_format(&fx.policy.upstream, &text), 0);
    ck_assert_str_eq(text.data ? text.data : "", want);
}

START_TEST(test_upstream)
{
    fx_ok("--upstream=http://Proxy.Corp.example:3128", "x");
    check_upstream("http://proxy.corp.example:3128");
    fx_ok("--upstream=socks5h://[fd00::1]:1080/", "x");
    check_upstream("socks5h://[fd00::1]:1080");
    fx_ok("--upstream=http://10.0.0.1:3128", "--upstream=", "x");
    check_upstream("");
    fx_refused("no scheme", "--upstream=proxy:3128", "x");
    fx_refused("no port", "--upstream=http://proxy", "x");
    fx_refused("no port", "--upstream=http://proxy:0", "x");
    fx_refused("no port", "--upstream=http://proxy:99999", "x");
    fx_refused("over TLS", "--upstream=https://proxy:443", "x");
    fx_refused("write socks5h://", "--upstream=socks5://proxy:1080", "x");
    fx_refused("cannot speak", "--upstream=ftp://proxy:1", "x");
    fx_refused("no path", "--upstream=http://proxy:1/x", "x");
    fx_refused("upstream-credentials = FILE", "--upstream=http://u:p@proxy:1", "x");
    fx_refused("is a number", "--upstream=http://127.1:1", "x");
    fx_refused("control character", "--upstream=http://a\r\nb:1", "x");
    fx_refused("no host and port", "--upstream=http://[::1]x:1", "x");
}
END_TEST

START_TEST(test_upstream_env)
{
    fx_ok("--upstream=env", "x");
    check_upstream("");
    fx_setenv("HTTP_PROXY", "http://last:1");
    fx_setenv("https_proxy", "http://us%65r:p%40ss@Proxy:3128/");
    fx_setenv("NO_PROXY", "localhost,.corp");
    fx_ok("--upstream=env", "x");
    check_upstream("http://proxy:3128");
    ck_assert_str_eq(fx.policy.upstream.credentials, "user:p@ss");
    ck_assert_str_eq(fx.policy.upstream.exceptions, "localhost,.corp");
    fx_setenv("https_proxy", "proxy");
    fx_ok("--upstream=env", "x");
    check_upstream("http://proxy:80");
    fx_setenv("https_proxy", "socks5://proxy");
    fx_ok("--upstream=env", "x");
    check_upstream("socks5h://proxy:1080");
    static const char *const bad[] = { "http://u%0a:p@proxy:1", "http://u%4:p@proxy:1", "http://u%zz:p@proxy:1",
                                       "http://secret@:1", "ftp://secret@x" };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        fx_setenv("https_proxy", bad[i]);
        fx_refused("the environment's https_proxy: ", "--upstream=env", "x");
        ck_assert_ptr_null(strstr(fx.why.data, "secret"));
    }
}
END_TEST

START_TEST(test_credentials)
{
    fx_refused("no proxy to use them with", "--upstream-credentials=/srv/secret", "x");
    fx_ok("--upstream=http://p:1", "--upstream-credentials=/srv/secret", "x");
    ck_assert_str_eq(fx.policy.upstream_credentials, "/srv/secret");
    fx_refused("could read that file", "--upstream=http://p:1", "--upstream-credentials=/srv/secret", "--read=/srv", "x");
    fx_refused("could read that file", "--upstream=http://p:1", "--upstream-credentials=secret", "--workspace=.", "x");
    fx_ok("--upstream=http://p:1", "--upstream-credentials=~/.config/agentjail/secret", "--read=~", "x");
}
END_TEST

START_TEST(test_ceiling_rules)
{
    ceiling("[network]\nmode = filtered\nallow = **.corp.example\nallow = 10.0.0.0/8:1-65535\ndeny = bad.corp.example\n");
    fx_ok("--net-allow=a.corp.example", "--net-allow=10.1.0.0/16:22", "x");
    ck_assert_uint_eq(fx.policy.n_net_allow, 2);
    ck_assert_uint_eq(fx.policy.n_net_deny, 1);
    ck_assert_uint_eq(fx.policy.net_deny[0].origin.line, 5);
    fx_ok("--net-deny=x.example", "--net-deny=", "x"); /* nobody takes the ceiling's off */
    ck_assert_uint_eq(fx.policy.n_net_deny, 1);
    fx_refused("--net-allow=other.example: other.example goes beyond the ceiling in", "--net-allow=other.example", "x");
    fx_refused("policy.d/10.ini:3 (allow = **.corp.example)", "--net-allow=other.example", "x");
    fx_refused("goes beyond", "--net-allow=a.corp.example:22", "x"); /* covers 443 only */
    fx_refused("goes beyond", "--net-allow=0.0.0.0/0:22", "x");
    fx_refused("goes beyond", "--network=host", "x");
    fx_file(USER("mine.ini"), "[network]\n\nallow = evil.example\n");
    fx_refused("mine.ini:3: allow: evil.example goes beyond", "--profile=mine", "x");
    fx_default("[network]\nallow = vendor.example\nallow = b.corp.example\n");
    fx_ok("x"); /* the package's rules are narrowed */
    ck_assert_uint_eq(fx.policy.n_net_allow, 1);
    ck_assert_str_eq(fx.policy.net_allow[0].host.name, "b.corp.example");
    ck_assert(fx_noted("default.ini:2: allow: vendor.example goes beyond the ceiling in"));

    ceiling("[network]\nallow =\n");
    fx_default("");
    fx_ok("x");
    fx_refused("(allow = )", "--net-allow=a.example", "x");
    fx_refused("--network=host: host goes beyond", "--network=host", "x");
    ceiling("[network]\nallow = 127.1\n");
    fx_refused("10.ini:2: allow: \"127.1\" is a short", "x");
    ceiling("[network]\ndeny =\n");
    fx_refused("cannot be emptied", "x");
    /* Each file is a ceiling of its own. */
    ceiling("[network]\nallow = **.example\n");
    fx_file(CEILING("20.ini"), "[network]\nallow = a.example\n");
    fx_ok("--net-allow=a.example", "x");
    fx_refused("20.ini:2", "--net-allow=b.example", "x");
}
END_TEST

START_TEST(test_ceiling_others)
{
    ceiling("[network]\nhost-port = 5432\nhost-port = 8000-8010\npublish =\ndns = synthetic\nunknown = deny\nopen-url = "
            "ask\ngateway-lost = stop\n");
    fx_ok("--host-port=5432", "--host-port=8005", "x");
    ck_assert_int_eq(fx.policy.gateway_lost, GATEWAY_LOST_STOP); /* the default is narrowed */
    fx_refused("--host-port=8011: 8011 goes beyond the ceiling in", "--host-port=8011", "x");
    fx_refused("--publish=3000:8080: 3000:8080 goes beyond", "--publish=3000:8080", "x");
    fx_refused("dns = synthetic", "--dns=real", "x");
    fx_refused("unknown = deny", "--net-unknown=ask", "x");
    fx_refused("open-url = ask", "--open-url=allow", "x");
    fx_ok("--open-url=ask", "x");
    fx_refused("gateway-lost = stop", "--gateway-lost=continue", "x");
    static const char *const bad[] = { "0", "9-8", "1-65536", "http", "1-2-3", "+1", "1 2" };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_buf_ struct buf text = { 0 };
        buf_printf(&text, "[network]\npublish = %s\n", bad[i]);
        ceiling(text.data);
        fx_refused("are no ports", "x");
    }
}
END_TEST

START_TEST(test_ceiling_upstream)
{
    ceiling("[network]\nupstream = http://proxy.corp:3128  socks5h://other:1080\n");
    fx_ok("x");
    check_upstream("http://proxy.corp:3128");
    fx_ok("--upstream=socks5h://OTHER:1080", "x");
    check_upstream("socks5h://other:1080");
    fx_refused("--upstream=http://mine:1: http://mine:1 goes beyond", "--upstream=http://mine:1", "x");
    fx_refused("no proxy goes beyond", "--upstream=", "x");
    fx_setenv("https_proxy", "http://proxy.corp:3128");
    fx_ok("--upstream=env", "x");
    fx_setenv("no_proxy", "*");
    fx_refused("goes beyond", "--upstream=env", "x"); /* the user's exceptions go past the proxy */
    ceiling("[network]\nupstream =\n");
    fx_ok("x");
    check_upstream("");
    fx_refused("goes beyond", "--upstream=http://mine:1", "x");
    ceiling("[network]\nupstream = http://\n");
    fx_refused("10.ini:2: upstream: ", "x");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("net_policy");
    TCase *tc = fx_case(s, "net_policy");
    tcase_add_test(tc, test_rules);
    tcase_add_test(tc, test_many_rules);
    tcase_add_test(tc, test_modes);
    tcase_add_test(tc, test_ports);
    tcase_add_test(tc, test_upstream);
    tcase_add_test(tc, test_upstream_env);
    tcase_add_test(tc, test_credentials);
    tcase_add_test(tc, test_ceiling_rules);
    tcase_add_test(tc, test_ceiling_others);
    tcase_add_test(tc, test_ceiling_upstream);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
