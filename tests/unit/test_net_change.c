/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules granted and revoked while a jail runs, as the gateway would judge by them afterwards. */
#include "profile_fixture.h"

#include "gateway/verdict.h"
#include "monitor/egress_policy.h"
#include "profile/arena.h"
#include "profile/net_change.h"

static bool allowed(const char *name, uint16_t port)
{
    _cleanup_egress_source_ struct egress_source source;
    _cleanup_buf_ struct buf why = { 0 };
    struct decision d;
    ck_assert_int_eq(egress_source_fill(&fx.policy, &source, &why), 0);
    verdict_connect(&source.egress, name, port, false, &d);
    return d.verdict == VERDICT_ALLOW;
}

static int grant(const char *rule)
{
    buf_free(&fx.why);
    return net_grant(&fx.policy, rule, &fx.why);
}

static int take_back(const char *rule)
{
    buf_free(&fx.why);
    return net_revoke(&fx.policy, rule, &fx.why);
}

static void load(const char *text)
{
    fx_default(text);
    fx_ok("x");
    fx.policy.network = NETWORK_FILTERED;
}

START_TEST(test_grant)
{
    load("[network]\nallow = a.example\n");
    ck_assert(!allowed("b.example", 443));
    ck_assert_int_eq(grant("tls://b.example:443"), 0);
    ck_assert(allowed("b.example", 443) && !allowed("b.example", 80) && allowed("a.example", 443));
    ck_assert_str_eq(fx.policy.net_allow[1].origin.file, NET_CHANGE_ORIGIN);
    ck_assert_int_eq(grant("tls://b.example:443"), 0); /* once is enough */
    ck_assert_int_eq(grant("a.example"), 0);
    ck_assert_uint_eq(fx.policy.n_net_allow, 2);
    ck_assert_int_eq(take_back("b.example"), 0);
    ck_assert(!allowed("b.example", 443) && allowed("a.example", 443));
    ck_assert_uint_eq(fx.policy.n_net_deny, 0);
    ck_assert_int_eq(grant("127.1"), -EINVAL);
    ck_assert_int_eq(grant("b\303\274cher.example"), -EINVAL); /* not canonical */
    ck_assert_int_eq(grant(""), -EINVAL);
}
END_TEST

START_TEST(test_publish)
{
    fx_file(CEILING("10.ini"), "[network]\npublish = 3000-3010\npublish = 8080\n");
    fx_default("[network]\npublish = 3000\n");
    fx_ok("x");
    fx.policy.network = NETWORK_FILTERED;
    struct port_grant g = { .inside = 3000, .outside = 3000 };
    ck_assert_int_eq(net_publish_check(&fx.policy, &g, &fx.why), -EEXIST);
    g.inside = 1;
    ck_assert_int_eq(net_publish_check(&fx.policy, &g, &fx.why), -EADDRINUSE);
    ck_assert(strstr(fx.why.data, "leads to port 3000") != NULL);
    buf_free(&fx.why);
    g.outside = 8081;
    ck_assert_int_eq(net_publish_check(&fx.policy, &g, &fx.why), -EPERM);
    ck_assert(strstr(fx.why.data, "goes beyond the ceiling in") != NULL);
    g.outside = 8080;
    ck_assert_int_eq(net_publish_check(&fx.policy, &g, &fx.why), 0);
    ck_assert_int_eq(net_publish(&fx.policy, &g), 0);
    ck_assert_uint_eq(fx.policy.n_published, 2);
    ck_assert_int_eq(net_unpublish_check(&fx.policy, &g, &fx.why), 0);
    g.inside++;
    ck_assert_int_eq(net_unpublish_check(&fx.policy, &g, &fx.why), -ENOENT);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "published are 3000:3000, 1:8080"));
    buf_free(&fx.why);
    ck_assert_uint_eq(net_unpublish(&fx.policy, 8080), 1);
    ck_assert_uint_eq(net_unpublish(&fx.policy, 8080), 0);
    fx.policy.network = NETWORK_NONE;
    fx.policy.loopback = false;
    ck_assert_int_eq(net_publish_check(&fx.policy, &g, &fx.why), -EOPNOTSUPP);
    ck_assert_int_eq(port_grant_parse("3000:8080", &g, &fx.why), 0);
    ck_assert(g.inside == 3000 && g.outside == 8080);
    ck_assert_int_eq(port_grant_parse("0", &g, &fx.why), -EINVAL);
    ck_assert_int_eq(port_grant_parse("1:2:3", &g, &fx.why), -EINVAL);
}
END_TEST

START_TEST(test_revoke)
{
    load("[network]\nallow = **.example:80,443\nallow = a.test\nmode = none\n");
    ck_assert_int_eq(take_back("x.example"), 0); /* of a wildcard, one name at one port */
    ck_assert(!allowed("x.example", 443) && allowed("x.example", 80) && allowed("y.example", 443));
    ck_assert_int_eq(grant("x.example"), 0);
    ck_assert(allowed("x.example", 443));
    ck_assert_uint_eq(fx.policy.n_net_deny, 0);
    ck_assert_int_eq(take_back("**.test"), 0); /* of one name, all names */
    ck_assert(!allowed("a.test", 443));
    ck_assert_int_eq(take_back("nothing.invalid"), 0);
    ck_assert_int_eq(take_back("**.example:80,443"), 0); /* a rule itself */
    ck_assert(!allowed("y.example", 443));
    fx.policy.network = NETWORK_OPEN;
    ck_assert(allowed("z.example", 443));
    ck_assert_int_eq(take_back("z.example"), 0);
    ck_assert(!allowed("z.example", 443) && allowed("z.example", 80));
}
END_TEST

START_TEST(test_bounds)
{
    fx_file(CEILING("10.ini"), "[network]\nallow = **.corp.example\ndeny = bad.corp.example\n");
    fx_file(CEILING("20.ini"), "[network]\nallow = **.example:1-65535\n");
    load("[network]\nallow = a.corp.example\n");
    ck_assert_uint_eq(fx.policy.n_net_ceilings, 2);
    ck_assert_int_eq(grant("b.corp.example"), 0);
    ck_assert_int_eq(grant("other.example"), -EPERM);
    ck_assert_msg(strstr(fx.why.data, "goes beyond the ceiling in") && strstr(fx.why.data, "10.ini:2"), "%s", fx.why.data);
    ck_assert_int_eq(grant("b.corp.example:22"), -EPERM);
    ck_assert_int_eq(grant("bad.corp.example"), -EPERM);
    ck_assert_msg(strstr(fx.why.data, "is denied by"), "%s", fx.why.data);
    ck_assert_int_eq(take_back("bad.corp.example"), 0); /* must not make the ceiling's rule one that a grant takes out */
    ck_assert_int_eq(grant("bad.corp.example"), -EPERM);
    ck_assert(!allowed("other.example", 443) && allowed("b.corp.example", 443));
    fx_file(CEILING("10.ini"), "[network]\nallow =\n");
    load("");
    ck_assert_int_eq(grant("a.corp.example"), -EPERM);
}
END_TEST

START_TEST(test_many)
{
    load("");
    ck_assert_int_eq(grant("a.example"), 0);
    struct net_rule *many = arena_alloc(fx.policy.arena, EGRESS_RULES_MAX * sizeof(*many));
    for (size_t i = 0; i < EGRESS_RULES_MAX; i++)
        many[i] = fx.policy.net_allow[0];
    fx.policy.net_allow = many;
    fx.policy.n_net_allow = EGRESS_RULES_MAX;
    ck_assert_int_eq(grant("b.example"), -E2BIG);
    ck_assert_int_eq(grant("a.example"), 0);
    ck_assert_int_eq(take_back("a.example"), 0);
    ck_assert_uint_eq(fx.policy.n_net_allow, 0);
}
END_TEST

START_TEST(test_canonical)
{
    static const struct {
        const char *text, *canonical, *why;
    } samples[] = {
        { "Example.COM", "tls://example.com:443", NULL },
        { "example.com:8000-8010,80", "example.com:80,8000-8010", NULL },
        { "127.1", NULL, "write 127.0.0.1" },
        { "https://a.example", NULL, "write tls://HOST" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        _cleanup_buf_ struct buf out = { 0 }, why = { 0 };
        int r = net_change_canonical(samples[i].text, &out, &why);
        ck_assert_msg((r == 0) == (samples[i].canonical != NULL), "%s gave %d", samples[i].text, r);
        if (r == 0)
            ck_assert_str_eq(out.data, samples[i].canonical);
        else
            ck_assert(strstr(why.data, samples[i].why) != NULL);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("net_change");
    TCase *tc = fx_case(s, "net_change");
    tcase_add_test(tc, test_grant);
    tcase_add_test(tc, test_publish);
    tcase_add_test(tc, test_revoke);
    tcase_add_test(tc, test_bounds);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_canonical);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
