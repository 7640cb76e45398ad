/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of fields: what was written is read back, and any bytes can be read. */
#include <string.h>

#include "base/record.h"
#include "unit.h"

START_TEST(any_byte_comes_back)
{
    char all[256];
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    struct buf out = { 0 };
    ck_assert_int_eq(record_field(&out, all, 1000), 0);
    ck_assert_int_eq(buf_char(&out, '\t'), 0);
    ck_assert_int_eq(record_field(&out, "", 1000), 0);
    ck_assert_int_eq(buf_str(&out, "\tlast\nnext"), 0);
    ck_assert_ptr_null(memchr(out.data, '\001', out.len));

    char *rest = out.data, *line = record_line(&rest);
    ck_assert_str_eq(record_next(&line), all);
    ck_assert_str_eq(record_next(&line), "");
    ck_assert_str_eq(record_next(&line), "last");
    ck_assert_ptr_null(record_next(&line));
    line = record_line(&rest);
    ck_assert_str_eq(line, "next");
    ck_assert_ptr_null(record_line(&rest));
    buf_free(&out);
}
END_TEST

START_TEST(a_long_field_is_cut)
{
    struct buf out = { 0 };
    ck_assert_int_eq(record_field(&out, "abcdef", 3), 0);
    ck_assert_str_eq(out.data, "abc...");
    buf_free(&out);
    ck_assert_int_eq(record_field(&out, "abc", 3), 0);
    ck_assert_str_eq(out.data, "abc");
    buf_free(&out);
}
END_TEST

START_TEST(what_is_no_escape_stays)
{
    char text[] = "\\\t\\0\t\\000\t\\400\t\\08a\t\\011\\134x";
    char *line = text;
    static const char *const want[] = { "\\", "\\0", "\\000", "\\400", "\\08a", "\t\\x" };
    for (size_t i = 0; i < ELEMENTSOF(want); i++)
        ck_assert_str_eq(record_next(&line), want[i]);
    ck_assert_ptr_null(record_next(&line));
}
END_TEST

START_TEST(empty_text_has_no_lines)
{
    char text[] = "", *rest = text, *none = NULL;
    ck_assert_ptr_null(record_line(&rest));
    ck_assert_ptr_null(record_line(&none));
    ck_assert_ptr_null(record_next(&none));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("record");
    TCase *tc = tcase_create("fields");
    tcase_add_test(tc, any_byte_comes_back);
    tcase_add_test(tc, a_long_field_is_cut);
    tcase_add_test(tc, what_is_no_escape_stays);
    tcase_add_test(tc, empty_text_has_no_lines);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
