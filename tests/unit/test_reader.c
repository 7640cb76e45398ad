/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line reader of profiles: what inih would misread is taken right or refused, with the line's number. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "profile/reader.h"

static struct buf seen, why;

/* Write down what was reported, "line:section.name=value|". */
static int record(void *data, const char *section, const char *name, const char *value, unsigned line,
                  struct buf *reason)
{
    (void)reason;
    int *limit = data;
    if (limit && (*limit)-- == 0)
        return -EXDEV;
    return value ? buf_printf(&seen, "%u:%s.%s=%s|", line, section, name, value)
                 : buf_printf(&seen, "%u:%s.%s|", line, section, name);
}

static int parse(const char *text, size_t len)
{
    buf_free(&seen);
    buf_free(&why);
    return reader_parse("f.ini", text, len, record, NULL, &why);
}

static void check_taken(const char *text, const char *want)
{
    int r = parse(text, strlen(text));
    ck_assert_msg(r == 0, "refused: %s", why.data);
    ck_assert_str_eq(seen.data ? seen.data : "", want);
    ck_assert_uint_eq(why.len, 0);
}

static void check_refused(const char *text, size_t len, const char *want)
{
    ck_assert_int_eq(parse(text, len), -EINVAL);
    ck_assert_msg(strncmp(why.data, want, strlen(want)) == 0, "\"%s\" does not begin with \"%s\"", why.data, want);
}
#define REFUSED(text, want) check_refused(text, sizeof(text) - 1, want)

START_TEST(test_plain)
{
    check_taken("", "");
    check_taken("\n\n# nothing\n; nothing either\n", "");
    check_taken("[files]\nread = /a\nread=/b\nread   =   /c   \n", "2:files.read=/a|3:files.read=/b|4:files.read=/c|");
    check_taken("[files]\n\n# c\nread = /a\n[env]\nLANG\nA = b = c", "4:files.read=/a|6:env.LANG|7:env.A=b = c|");
    check_taken("[files]\nread =\nread=\t/x y\t\n", "2:files.read=|3:files.read=/x y|");
    check_taken("[files]  \nread = /a\n[network]\nmode = none\n[files]\nwrite = /b\n",
                "2:files.read=/a|4:network.mode=none|6:files.write=/b|");
}
END_TEST

/* inih would cut these at " ;", split them at ':' or take them for comments. */
START_TEST(test_values_are_literal)
{
    check_taken("[files]\nread = /a ; b # c\n", "2:files.read=/a ; b # c|");
    check_taken("[files]\nread = ;x\nread = #y\nread = [z]\n", "2:files.read=;x|3:files.read=#y|4:files.read=[z]|");
    check_taken("[files]\nread = a:b\nread = \"q\"\nread = \xC3\xA4\n",
                "2:files.read=a:b|3:files.read=\"q\"|4:files.read=\xC3\xA4|");
}
END_TEST

START_TEST(test_long_values)
{
    _cleanup_buf_ struct buf text = { 0 }, want = { 0 };
    buf_str(&text, "[files]\nread = ");
    buf_str(&want, "2:files.read=");
    for (int i = 0; i < 4095; i++) {
        char c = (char)(i % 7 ? 'a' + i % 26 : '/');
        buf_char(&text, c);
        buf_char(&want, c);
    }
    buf_str(&text, "\nwrite = /b\n");
    buf_str(&want, "|3:files.write=/b|");
    check_taken(text.data, want.data);

    buf_free(&text);
    buf_str(&text, "[files]\n# ");
    for (int i = 2; i < READER_LINE_MAX; i++)
        buf_char(&text, 'x');
    check_taken(text.data, "");
    buf_char(&text, 'x');
    check_refused(text.data, text.len, "f.ini:2: line is longer than");
}
END_TEST

START_TEST(test_lines_that_inih_would_misread)
{
    REFUSED("[files]\nread = /a\n  /b\n", "f.ini:3: indented line");
    REFUSED("[files]\nread = /a\n\tread = /b\n", "f.ini:3: indented line");
    REFUSED("[files]\nread: /a\n", "f.ini:2: \"read: /a\" is no key");
    REFUSED("[files]\nre ad = /a\n", "f.ini:2: \"re ad\" is no key");
    REFUSED("[files]\nread;x = /a\n", "f.ini:2: \"read;x\" is no key");
    REFUSED("[files]\n= /a\n", "f.ini:2: no key before");
    REFUSED("[files] ; comment\nread = /a\n", "f.ini:1: not a section");
    REFUSED("[files\nread = /a\n", "f.ini:1: not a section");
    REFUSED("[]\n", "f.ini:1: not a section");
    REFUSED("[fi]les]\n", "f.ini:1: not a section");
    REFUSED("[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n", "f.ini:1: not a section");
    REFUSED("[Files]\n", "f.ini:1: [Files]: unknown section; there are [profile] [files]");
    REFUSED("[nonsense]\n", "f.ini:1: [nonsense]: unknown section");
    REFUSED("read = /a\n", "f.ini:1: read: key outside of a section");
    REFUSED("[files]\nread = /a\tb\n", "f.ini:2: read: tab inside");
}
END_TEST

START_TEST(test_bytes)
{
    REFUSED("[files]\nread = /a\0b\n", "f.ini:2: NUL byte");
    REFUSED("[files]\nread = /\xFF\n", "f.ini:2: not UTF-8");
    REFUSED("# \xC0\x80\n", "f.ini:1: not UTF-8");
    REFUSED("[files]\nread = /\x1B[31m\n", "f.ini:2: control character 0x1b");
    REFUSED("[files]\nread = /\x7F\n", "f.ini:2: control character 0x7f");
    REFUSED("[files]\r\n", "f.ini:1: line ends in CR LF");
    REFUSED("[files]\nread = /a\rb\n", "f.ini:2: control character 0x0d");
    REFUSED("\xEF\xBB\xBF[files]\n", "f.ini:1: file begins with a byte order mark");
}
END_TEST

START_TEST(test_key_length)
{
    char text[400] = "[env]\n";
    memset(text + 6, 'A', READER_NAME_MAX);
    ck_assert_int_eq(parse(text, strlen(text)), 0);
    ck_assert_uint_gt(seen.len, READER_NAME_MAX); /* whole, not cut by inih */
    memset(text + 6, 'A', READER_NAME_MAX + 1);
    check_refused(text, strlen(text), "f.ini:2: key is longer");
}
END_TEST

START_TEST(test_size_limit)
{
    size_t len = READER_FILE_MAX + 1;
    char *text = malloc(len);
    memset(text, '\n', len);
    ck_assert_int_eq(parse(text, len - 1), 0);
    ck_assert_int_eq(parse(text, len), -EFBIG);
    ck_assert_ptr_nonnull(strstr(why.data, "f.ini: file is larger"));
    free(text);
}
END_TEST

START_TEST(test_entry_ends_it)
{
    static const char text[] = "[files]\nread = /a\nread = /b\nread = /c\n";
    int limit = 1;
    buf_free(&seen);
    ck_assert_int_eq(reader_parse("f.ini", text, sizeof(text) - 1, record, &limit, &why), -EXDEV);
    ck_assert_str_eq(seen.data, "2:files.read=/a|");
}
END_TEST

static void release(void)
{
    buf_free(&seen);
    buf_free(&why);
}

static Suite *suite(void)
{
    Suite *s = suite_create("reader");
    TCase *tc = tcase_create("lines");
    tcase_add_checked_fixture(tc, NULL, release);
    tcase_add_test(tc, test_plain);
    tcase_add_test(tc, test_values_are_literal);
    tcase_add_test(tc, test_long_values);
    tcase_add_test(tc, test_lines_that_inih_would_misread);
    tcase_add_test(tc, test_bytes);
    tcase_add_test(tc, test_key_length);
    tcase_add_test(tc, test_size_limit);
    tcase_add_test(tc, test_entry_ends_it);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
