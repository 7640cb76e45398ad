/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON reader against RFC 8259, as far as it goes. */
#include <errno.h>
#include <string.h>

#include "evidence/json_read.h"
#include "unit.h"

static struct json_line line;

static int read_text(const char *text)
{
    return json_read(&line, text, strlen(text));
}

static void expect_text(const char *path, const char *text)
{
    struct buf out = { 0 };
    const struct json_value *v = json_find(&line, path);
    ck_assert_ptr_nonnull(v);
    ck_assert_int_eq(json_unescape(v, &out), 0);
    ck_assert_str_eq(out.data ? out.data : "", text);
    buf_free(&out);
}

START_TEST(values)
{
    ck_assert_int_eq(read_text(" {\"a\":{\"b\":[1,\"x\",{\"c\":true}],\"d\":\"e\"},"
                               "\"f\":18446744073709551615 , \"g\":[] ,\"h\":{}}\n"), 0);
    expect_text("a.d", "e");
    uint64_t n;
    ck_assert(json_number(json_find(&line, "f"), &n) && n == UINT64_MAX);
    const struct json_value *list = json_find(&line, "a.b");
    ck_assert_int_eq(list->kind, JSON_ARRAY);
    ck_assert(json_is(json_element(&line, list, 1), "x"));
    ck_assert_int_eq(json_element(&line, list, 2)->kind, JSON_OBJECT);
    ck_assert_ptr_null(json_element(&line, list, 3));
    ck_assert_ptr_null(json_find(&line, "a.x"));
    ck_assert_ptr_null(json_find(&line, "f.x"));
    ck_assert_ptr_null(json_element(&line, json_find(&line, "g"), 0));
    ck_assert_ptr_null(json_element(&line, json_find(&line, "h"), 0));
}
END_TEST

START_TEST(escapes)
{
    ck_assert_int_eq(read_text("{\"a\":\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\u0000.\"}"), 0);
    expect_text("a", "q\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac.");
}
END_TEST

START_TEST(not_json)
{
    static const char *const bad[] = { "", " ", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}",
                                       "[1,]", "[1 2]", "{} {}", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "[1}", "{\"a\":1]",
                                       "{\"a\":\"b\\\"}", ",", ":" };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        ck_assert_msg(read_text(bad[i]) < 0, "%s", bad[i]);
    ck_assert_int_eq(json_read(&line, "{\"a\":1}\0", 8), -EBADMSG);
}
END_TEST

START_TEST(limits)
{
    char text[4 * JSON_READ_VALUES];
    memset(text, '[', JSON_READ_DEPTH + 1);
    ck_assert_int_eq(json_read(&line, text, JSON_READ_DEPTH + 1), -E2BIG);
    size_t n = 0;
    text[n++] = '[';
    for (size_t i = 0; i < JSON_READ_VALUES; i++) {
        text[n++] = '1';
        text[n++] = ',';
    }
    ck_assert_int_eq(json_read(&line, text, n), -E2BIG);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("json_read");
    TCase *t = tcase_create("json_read");
    tcase_add_test(t, values);
    tcase_add_test(t, escapes);
    tcase_add_test(t, not_json);
    tcase_add_test(t, limits);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
