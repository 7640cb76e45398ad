/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Denials: equal ones are counted, their number is bounded, and what they say is safe for a terminal. */
#include <string.h>

#include "evidence/summary.h"
#include "unit.h"

static const struct origin rule = { "/p.ini", 7 }, none = { 0 };

static void printed(const struct summary *s, const char *want)
{
    struct buf out = { 0 };
    ck_assert_int_eq(summary_print(s, &out), 0);
    ck_assert_str_eq(out.data ? out.data : "", want);
    buf_free(&out);
}

START_TEST(nothing_says_nothing)
{
    struct summary s = { 0 };
    printed(&s, "");
    summary_free(&s);
}
END_TEST

START_TEST(equal_ones_are_one)
{
    struct summary s = { 0 };
    summary_denied(&s, "connect", "a.example:443", none, "allow = a.example");
    for (int i = 0; i < 3; i++)
        summary_denied(&s, "connect", "b.example:443", rule, NULL);
    summary_denied(&s, "lookup", "b.example:443", rule, "");
    printed(&s, "denied: connect b.example:443 (3 times), by /p.ini:7\n"
                "denied: connect a.example:443; to allow it write allow = a.example\n"
                "denied: lookup b.example:443, by /p.ini:7\n");
    ck_assert_str_eq(summary_remedy(&s), "allow = a.example");
    summary_free(&s);
}
END_TEST

START_TEST(what_is_not_printed_has_no_remedy)
{
    struct summary s = { 0 };
    char name[16];
    ck_assert_ptr_null(summary_remedy(&s));
    for (int i = 0; i < SUMMARY_SHOWN + 1; i++) {
        snprintf(name, sizeof(name), "%d", i);
        summary_denied(&s, "connect", name, none, i < SUMMARY_SHOWN ? "" : "allow = a.example");
    }
    ck_assert_ptr_null(summary_remedy(&s));
    summary_free(&s);
}
END_TEST

START_TEST(many_are_bounded)
{
    struct summary s = { 0 };
    char name[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "%d", i);
        summary_denied(&s, "connect", name, none, NULL);
    }
    ck_assert_uint_eq(s.n, SUMMARY_MAX);
    ck_assert_uint_eq(s.more, 100000 - SUMMARY_MAX);
    struct buf out = { 0 };
    ck_assert_int_eq(summary_print(&s, &out), 0);
    size_t lines = 0;
    for (size_t i = 0; i < out.len; i++)
        lines += out.data[i] == '\n';
    ck_assert_uint_eq(lines, SUMMARY_SHOWN + 1);
    ck_assert_ptr_nonnull(strstr(out.data, "denied: more than 54 others\n"));
    buf_free(&out);
    summary_free(&s);
}
END_TEST

START_TEST(names_are_the_payloads)
{
    struct summary s = { 0 };
    char longest[1000];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    summary_denied(&s, "connect", "\033]0;x\007\nagentjail: fine\377", none, "allow = \n");
    summary_denied(&s, "connect", longest, none, NULL);
    struct buf out = { 0 };
    ck_assert_int_eq(summary_print(&s, &out), 0);
    ck_assert_ptr_null(strchr(out.data, '\033'));
    ck_assert_ptr_null(strstr(out.data, "\nagentjail"));
    ck_assert_ptr_nonnull(strstr(out.data, "\\012agentjail: fine\\377"));
    ck_assert_uint_lt(out.len, 1000);
    buf_free(&out);
    summary_free(&s);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("summary");
    TCase *tc = tcase_create("denials");
    tcase_add_test(tc, nothing_says_nothing);
    tcase_add_test(tc, equal_ones_are_one);
    tcase_add_test(tc, what_is_not_printed_has_no_remedy);
    tcase_add_test(tc, many_are_bounded);
    tcase_add_test(tc, names_are_the_payloads);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
