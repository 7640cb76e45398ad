/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written to the user's profile when asked: read back as the next run does. */
#include "profile_fixture.h"

#include "monitor/drop_in.h"

#define ASKED "home/.config/agentjail/profiles/default.d/asked.ini"

static void load(void)
{
    fx_default("[network]\nmode = filtered\nallow = a.example\n");
    fx_ok("x");
}

static int allow(const char *name, uint16_t port)
{
    buf_free(&fx.why);
    return drop_in_allow(&fx.policy, name, port, &fx.why);
}

static char *content(void)
{
    struct buf text = { 0 };
    ck_assert_int_eq(buf_read_file(&text, AT_FDCWD, fx_path("%s", ASKED), 65536), 0);
    return buf_take(&text);
}

START_TEST(test_read_back)
{
    struct stat st;
    load();
    ck_assert_uint_eq(fx.policy.n_net_allow, 1);
    ck_assert_int_eq(allow("b.example", 443), 0);
    ck_assert_int_eq(allow("c.example", 8443), 0);
    ck_assert_int_eq(allow("b.example", 443), 0);
    _cleanup_free_ char *text = content();
    ck_assert_ptr_nonnull(strstr(text, "[network]\nallow = b.example\n[network]\nallow = c.example:8443\n"));
    ck_assert_ptr_null(strstr(strstr(text, "b.example") + 1, "b.example"));
    ck_assert_int_eq(stat(fx_path("%s", ASKED), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    load();
    ck_assert_uint_eq(fx.policy.n_net_allow, 3);
    ck_assert_str_eq(fx.policy.net_allow[1].text, "b.example");
    ck_assert_str_eq(fx.policy.net_allow[2].text, "c.example:8443");
}
END_TEST

/* What stands there stays, whatever it ends with. */
START_TEST(test_keeps)
{
    fx_file(ASKED, "# mine\n[files]\nread = -/opt");
    load();
    ck_assert_int_eq(allow("b.example", 443), 0);
    _cleanup_free_ char *text = content();
    ck_assert_str_eq(text, "# mine\n[files]\nread = -/opt\n[network]\nallow = b.example\n");
    load();
    ck_assert_uint_eq(fx.policy.n_net_allow, 2);
}
END_TEST

START_TEST(test_no_injection)
{
    static const char *const bad[] = { "", "b.example\n[files]\nread = /", "b.example ; x", "*.example", "B.example",
                                       "b.example:1", "\033[2J.example", "b.example,sni=optional", "10.0.0.0/8",
                                       "b\303\274.example" };
    struct stat st;
    load();
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        ck_assert_int_eq(allow(bad[i], 443), -EINVAL);
    ck_assert_int_eq(allow("b.example", 0), -EINVAL);
    ck_assert_int_lt(stat(fx_path("%s", ASKED), &st), 0);
}
END_TEST

/* A place that others can write is none: the profile would be refused for it. */
START_TEST(test_place)
{
    load();
    fx_dir("home/.config/agentjail/profiles/default.d");
    ck_assert_int_eq(chmod(fx_path("home/.config/agentjail/profiles/default.d"), 0777), 0);
    ck_assert_int_eq(allow("b.example", 443), -EPERM);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "default.d/asked.ini cannot be written"));
    fx.policy.fixed = true;
    ck_assert(!drop_in_possible(&fx.policy));
    ck_assert_int_eq(allow("b.example", 443), -EINVAL);
}
END_TEST

START_TEST(test_tell)
{
    struct buf out = { 0 };
    char wanted[PATH_MAX + 128];
    load();
    ck_assert_int_eq(drop_in_tell(&fx.policy, "allow = b.example\x1b", &out), 0);
    snprintf(wanted, sizeof(wanted), "such a line is kept below [network] in %s; for one run: --net-allow=b.example\\033\n",
             fx_path("home/.config/agentjail/profiles/default.d/mine.ini"));
    ck_assert_str_eq(out.data, wanted);
    buf_free(&out);
    fx.policy.fixed = true;
    ck_assert_int_eq(drop_in_tell(&fx.policy, "host-port = 1", &out), 0);
    ck_assert_str_eq(out.data, "such a line is kept below [network] in the profile\n");
    buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("drop_in");
    TCase *tc = fx_case(s, "drop_in");
    tcase_add_test(tc, test_read_back);
    tcase_add_test(tc, test_keeps);
    tcase_add_test(tc, test_no_injection);
    tcase_add_test(tc, test_place);
    tcase_add_test(tc, test_tell);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
