/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What counts as an answer at a question on the terminal, and what a payload can make the terminal type, which never does. */
#include "unit.h"

#include "terminal/answer.h"

static const char *const words[] = { "once", "run", "\001", "no", NULL };

/* The result for keys, in pieces of every size. */
static int typed(const char *keys, size_t n)
{
    int first = 0;
    for (size_t step = 1; step <= n; step++) {
        struct answer a;
        int r = ANSWER_MORE;
        answer_init(&a);
        for (size_t at = 0; at < n && r == ANSWER_MORE; at += step) {
            size_t used, part = n - at < step ? n - at : step;
            r = answer_feed(&a, keys + at, part, false, words, &used);
            ck_assert_uint_le(used, part);
        }
        if (step == 1)
            first = r;
        ck_assert_int_eq(r, first);
    }
    return first;
}

#define TYPED(keys) typed(keys, sizeof(keys) - 1)

START_TEST(test_words)
{
    ck_assert_int_eq(TYPED("once\r"), 0);
    ck_assert_int_eq(TYPED("run\n"), 1);
    ck_assert_int_eq(TYPED("no\r"), 3);
    ck_assert_int_eq(TYPED("nop\177\r"), 3);
    ck_assert_int_eq(TYPED("x\b\bno\r"), 3);
    ck_assert_int_eq(TYPED("something\025run\r"), 1);
    ck_assert_int_eq(TYPED("what?\rrun\r"), 1);
    ck_assert_int_eq(TYPED("\003"), ANSWER_ESCAPED);
    ck_assert_int_eq(TYPED("ru\004"), ANSWER_ESCAPED);
}
END_TEST

START_TEST(test_no_words)
{
    ck_assert_int_eq(TYPED("run"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\r\r\n\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("r\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("RUN\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED(" run\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("run \r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\001\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("run\0\r"), ANSWER_MORE); /* no end of a string */
    ck_assert_int_eq(TYPED("r\303\274un\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxrun\r"), ANSWER_MORE);
}
END_TEST

/* Reports, keys that are sequences, strings, mouse, pasted text. */
START_TEST(test_terminal_types)
{
    ck_assert_int_eq(TYPED("\033[200~run\r\033[201~"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033[200~run\033[201~\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033[200~run\r\003once\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033[200~x\033[201~\rrun\r"), 1);
    ck_assert_int_eq(TYPED("\033]0;run\r\007"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033]11;rgb:ffff/ffff/ffff\033\\run\r"), 1);
    ck_assert_int_eq(TYPED("\033P1$r\rrun\r\033\\"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033_Grun\rrun\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033[Mrun\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033[M !!run\r"), 1);
    ck_assert_int_eq(TYPED("\033[<0;1;1M\033[1;1R\033[?1;2c\033OArun\r"), 1);
    ck_assert_int_eq(TYPED("\033[?1;2$y\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033run\r"), ANSWER_MORE);
    ck_assert_int_eq(TYPED("\033(Brun\r"), 1);
    ck_assert_int_eq(TYPED("\0330;1run\r"), ANSWER_MORE);
}
END_TEST

START_TEST(test_early)
{
    struct answer a;
    size_t used;
    answer_init(&a);
    ck_assert_int_eq(answer_feed(&a, "run\rno\r\003ru", 10, true, words, &used), ANSWER_MORE);
    ck_assert_int_eq(answer_feed(&a, "n\r", 2, false, words, &used), ANSWER_MORE); /* its line began too early */
    ck_assert_int_eq(answer_feed(&a, "run\rmore", 8, false, words, &used), 1);
    ck_assert_uint_eq(used, 4);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("answer");
    TCase *tc = tcase_create("answer");
    tcase_add_test(tc, test_words);
    tcase_add_test(tc, test_no_words);
    tcase_add_test(tc, test_terminal_types);
    tcase_add_test(tc, test_early);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
