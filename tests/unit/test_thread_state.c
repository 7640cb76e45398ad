/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the freezer reads from a status file in /proc. */
#include <stdio.h>

#include "init/thread_state.h"
#include "unit.h"

static const char status[] = "Name:\t%s\nUmask:\t0022\nState:\t%s\nTgid:\t7\nShdPnd:\t%s\nSigBlk:\t0000000000000000\n"
                             "voluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t2\n";

/* The text of a status file with these. */
static bool parse(const char *name, const char *state, const char *pending, struct thread_state *ret)
{
    char text[512];
    snprintf(text, sizeof(text), status, name, state, pending);
    return thread_state_parse(text, ret);
}

START_TEST(a_stopped_thread)
{
    struct thread_state t;
    ck_assert(parse("sh", "T (stopped)", "0000000000000000", &t));
    ck_assert_int_eq(t.state, 'T');
    ck_assert(!t.stop_pending);
    ck_assert_uint_eq(t.switches, 42);
}
END_TEST

START_TEST(a_stop_that_waits)
{
    struct thread_state t;
    ck_assert(parse("sh", "T (stopped)", "0000000000040000", &t));
    ck_assert(t.stop_pending);
    ck_assert(parse("sh", "T (stopped)", "0000000000020000", &t)); /* SIGCONT */
    ck_assert(!t.stop_pending);
}
END_TEST

START_TEST(the_name_is_not_believed)
{
    struct thread_state t;
    ck_assert(parse("State:\tT", "R (running)", "0000000000000000", &t));
    ck_assert_int_eq(t.state, 'R');
    ck_assert(parse("\\nState:\tT", "S (sleeping)", "0000000000000000", &t));
    ck_assert_int_eq(t.state, 'S');
}
END_TEST

START_TEST(what_is_cut_off_is_no_state)
{
    struct thread_state t;
    char text[512];
    int len = snprintf(text, sizeof(text), status, "sh", "T (stopped)", "0000000000000000");
    for (int i = 0; i < len; i++) {
        char cut[512];
        snprintf(cut, sizeof(cut), "%.*s", i, text);
        ck_assert(!thread_state_parse(cut, &t));
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("thread_state");
    TCase *tc = tcase_create("status");
    tcase_add_test(tc, a_stopped_thread);
    tcase_add_test(tc, a_stop_that_waits);
    tcase_add_test(tc, the_name_is_not_believed);
    tcase_add_test(tc, what_is_cut_off_is_no_state);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
