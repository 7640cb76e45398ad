/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON writer against RFC 8259. */
#include <string.h>

#include "base/json.h"
#include "unit.h"

static void expect(struct json *j, const char *text)
{
    ck_assert_int_eq(json_finish(j), 0);
    ck_assert_str_eq(j->out->data, text);
    buf_free(j->out);
}

static void expect_string(const char *s, size_t len, const char *text)
{
    struct buf out = { 0 };
    struct json j = { .out = &out };
    json_bytes(&j, NULL, s, len);
    ck_assert_int_eq(json_finish(&j), 0);
    out.data[out.len - 1] = '\0';
    ck_assert_str_eq(out.data, text);
    buf_free(&out);
}

START_TEST(values_and_structure)
{
    struct buf out = { 0 };
    struct json j = { .out = &out };
    json_object(&j, NULL);
    json_string(&j, "id", "a");
    json_string(&j, "none", NULL);
    json_array(&j, "list");
    json_integer(&j, NULL, INT64_MIN);
    json_unsigned(&j, NULL, UINT64_MAX);
    json_object(&j, NULL);
    json_end(&j);
    json_array(&j, NULL);
    json_end(&j);
    json_bool(&j, NULL, true);
    json_null(&j, NULL);
    json_end(&j);
    json_bool(&j, "last", false);
    json_end(&j);
    expect(&j, "{\"id\":\"a\",\"none\":null,\"list\":[-9223372036854775808,18446744073709551615,{},[],true,null],"
               "\"last\":false}\n");
}
END_TEST

START_TEST(what_must_be_escaped)
{
    expect_string("", 0, "\"\"");
    expect_string("\"\\/", 3, "\"\\\"\\\\/\"");
    expect_string("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    for (int c = 0; c < 0x20; c++) {
        struct buf out = { 0 };
        struct json j = { .out = &out };
        char byte = (char)c;
        json_bytes(&j, NULL, &byte, 1);
        ck_assert_int_eq(json_finish(&j), 0);
        ck_assert(out.data[1] == '\\');
        for (size_t i = 0; i + 1 < out.len; i++)
            ck_assert((unsigned char)out.data[i] >= 0x20);
        buf_free(&out);
    }
    expect_string("a\0b", 3, "\"a\\u0000b\"");
    expect_string("\033[31m\177", 6, "\"\\u001b[31m\\u007f\"");
    expect_string("\302\233x", 3, "\"\\u009bx\""); /* a terminal's CSI in eight bits */
    expect_string("\303\244\342\202\254\360\237\230\200", 9, "\"\303\244\342\202\254\360\237\230\200\"");
}
END_TEST

START_TEST(broken_utf8_is_replaced)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        { "a\377b", "\"a\\ufffdb\"" },
        { "\200", "\"\\ufffd\"" },
        { "\300\257", "\"\\ufffd\\ufffd\"" },                     /* over-long slash */
        { "\355\240\200", "\"\\ufffd\\ufffd\\ufffd\"" },           /* a surrogate */
        { "\342\202", "\"\\ufffd\"" },                             /* cut off: one part */
        { "\342\202x", "\"\\ufffdx\"" },
        { "\360\237\230\"", "\"\\ufffd\\\"\"" },                   /* the quote after it still counts */
        { "\364\220\200\200", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* beyond U+10FFFF */
        { "\302", "\"\\ufffd\"" },
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        expect_string(cases[i].bytes, strlen(cases[i].bytes), cases[i].text);
}
END_TEST

static void wrong(void (*use)(struct json *))
{
    struct buf out = { 0 };
    struct json j = { .out = &out };
    use(&j);
    ck_assert_int_eq(json_finish(&j), -EINVAL);
    buf_free(&out);
}

static void nothing(struct json *j)
{
    (void)j;
}

static void left_open(struct json *j)
{
    json_array(j, NULL);
}

static void closed_twice(struct json *j)
{
    json_array(j, NULL);
    json_end(j);
    json_end(j);
}

static void two_values(struct json *j)
{
    json_bool(j, NULL, true);
    json_bool(j, NULL, true);
}

static void member_without_name(struct json *j)
{
    json_object(j, NULL);
    json_bool(j, NULL, true);
    json_end(j);
}

static void name_in_array(struct json *j)
{
    json_array(j, NULL);
    json_bool(j, "a", true);
    json_end(j);
}

static void too_deep(struct json *j)
{
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_array(j, NULL);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_end(j);
}

START_TEST(wrong_use_is_an_error)
{
    wrong(nothing);
    wrong(left_open);
    wrong(closed_twice);
    wrong(two_values);
    wrong(member_without_name);
    wrong(name_in_array);
    wrong(too_deep);

    struct buf out = { 0 };
    struct json j = { .out = &out };
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
        json_array(&j, NULL);
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
        json_end(&j);
    ck_assert_int_eq(json_finish(&j), 0);
    buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("json");
    TCase *tc = tcase_create("writer");
    tcase_add_test(tc, values_and_structure);
    tcase_add_test(tc, what_must_be_escaped);
    tcase_add_test(tc, broken_utf8_is_replaced);
    tcase_add_test(tc, wrong_use_is_an_error);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
