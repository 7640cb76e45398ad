/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --why for hosts: the answer, its reason, and that the line it names would change it. */
#include "profile_fixture.h"

#include "cli/why_host.h"

static struct buf out, why;

static int ask(const char *subject, bool json)
{
    buf_free(&out);
    buf_free(&why);
    return why_host(&fx.policy, subject, json, &out, &why);
}

static void says(const char *subject, const char *want)
{
    ck_assert_msg(ask(subject, false) == 0, "%s: %s", subject, why.data);
    ck_assert_msg(strstr(out.data, want), "%s\n  is not in\n%s", want, out.data);
}

static void release(void)
{
    buf_free(&out);
    buf_free(&why);
    fx_teardown();
}

START_TEST(test_kinds)
{
    static const char *const hosts[] = { "a.example", "a:1", "10.0.0.1", "udp://a", "[fd00::1]:22", "fd00::1", "tls://x/" };
    static const char *const others[] = { "ls", "/etc/passwd", "./a.example", ".", "~", "..", "..x", "a.example/b",
                                          "10.0.0.0/8", "prog.sh" };
    fx_file("bin/prog.sh", "");
    setenv("PATH", fx_path("bin"), 1);
    for (size_t i = 0; i < ELEMENTSOF(hosts); i++)
        ck_assert_msg(why_is_host(hosts[i]), "%s", hosts[i]);
    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        ck_assert_msg(!why_is_host(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(test_rules)
{
    fx_default("[network]\nallow = a.example:80,443\nallow = 10.0.0.0/8:5432\nallow = db.example:5432\ndeny = x.example\n"
               "host-port = 6379\n");
    fx_ok("x");
    fx.policy.network = NETWORK_FILTERED;
    says("A.example", "A.example is a.example:443 over TCP\n  yes  allowed by ");
    says("A.example", "default.ini:2 (a.example:80,443), for TLS that names it\n");
    says("db.example:5432", "default.ini:4 (db.example:5432)\n");
    says("a.example:22", "  no   allowed at ports 80, 443 only, by ");
    says("a.example:22", "; to change that write under [network]: allow = a.example:22\n");
    says("udp://a.example:443", "allowed over TCP only");
    says("x.example", "denied by ");
    says("x.example", "deny = (the entry x.example taken out)");
    says("y.example", "no rule allows it; to change that write under [network]: allow = y.example\n");
    says("10.1.1.1:5432", "yes");
    says("192.168.1.1:5432", "the address is private, and no rule names that range");
    says("host.agentjail.internal:6379", "allowed by host-port");
    says("host.agentjail.internal:80", "no host-port names it; to change that write under [network]: host-port = 80");
    fx.policy.unknown = UNKNOWN_ASK;
    says("y.example", "  ask  no rule allows it");
    ck_assert_int_eq(ask("y.example", true), 0);
    ck_assert_str_eq(out.data, "{\"host\":\"y.example\",\"port\":443,\"transport\":\"tcp\",\"allowed\":false,\"asked\":true,"
                               "\"reason\":\"no rule allows it\",\"change\":\"allow = y.example\"}\n");
}
END_TEST

START_TEST(test_modes)
{
    fx_ok("x");
    says("a.example", "no network with mode = none; to change that write under [network]: mode = filtered, and allow = "
                      "a.example");
    fx_ok("--network=host", "x");
    says("a.example", "yes  nothing is refused");
    fx.policy.network = NETWORK_OPEN;
    says("a.example:1", "yes  allowed by mode = open");
    says("127.0.0.1:1", "the address is loopback");
}
END_TEST

START_TEST(test_refused)
{
    fx_ok("x");
    static const struct {
        const char *subject, *why;
    } samples[] = {
        { "127.1:80", "write 127.0.0.1" },
        { "a.example:80,443", "write HOST:PORT" },
        { "*.a.example:80", "write HOST:PORT" },
        { "https://a.example", "write tls://HOST" },
        { "tls://a.example/", "has a path" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        ck_assert_int_lt(ask(samples[i].subject, false), 0);
        ck_assert_msg(strstr(why.data, samples[i].why), "%s", why.data);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("why_host");
    TCase *tc = tcase_create("why_host");
    tcase_add_checked_fixture(tc, fx_setup, release);
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_kinds);
    tcase_add_test(tc, test_rules);
    tcase_add_test(tc, test_modes);
    tcase_add_test(tc, test_refused);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
