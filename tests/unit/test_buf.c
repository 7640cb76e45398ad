/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers and lists of strings. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/strv.h"

#include "unit.h"

START_TEST(empty_is_usable)
{
    struct buf b = { 0 };

    ck_assert_ptr_null(b.data);
    ck_assert_int_eq(buf_add(&b, NULL, 0), 0);
    ck_assert_uint_eq(b.len, 0);
    ck_assert_str_eq(b.data, "");
    buf_free(&b);
    ck_assert_ptr_null(b.data);

    char *taken = buf_take(&b);
    ck_assert_str_eq(taken, "");
    free(taken);
}
END_TEST

START_TEST(grows_and_stays_terminated)
{
    _cleanup_buf_ struct buf b = { 0 };

    for (unsigned i = 0; i < 5000; i++) {
        ck_assert_int_eq(buf_char(&b, (char)('a' + i % 26)), 0);
        ck_assert_uint_eq(b.len, i + 1);
        ck_assert_int_eq(b.data[b.len], '\0');
    }
    ck_assert_int_eq(b.data[0], 'a');
    ck_assert_int_eq(b.data[4999], 'a' + 4999 % 26);
}
END_TEST

START_TEST(keeps_nul_bytes)
{
    _cleanup_buf_ struct buf b = { 0 };

    ck_assert_int_eq(buf_add(&b, "a\0b", 3), 0);
    ck_assert_int_eq(buf_str(&b, "c"), 0);
    ck_assert_uint_eq(b.len, 4);
    ck_assert_mem_eq(b.data, "a\0bc", 5);
}
END_TEST

START_TEST(prints)
{
    _cleanup_buf_ struct buf b = { 0 };
    char long_text[1000];

    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    ck_assert_int_eq(buf_printf(&b, "%d:", 42), 0);
    ck_assert_int_eq(buf_printf(&b, "%s", long_text), 0);
    ck_assert_uint_eq(b.len, 3 + strlen(long_text));
    ck_assert_int_eq(memcmp(b.data, "42:xxx", 6), 0);
}
END_TEST

START_TEST(shows_control_characters)
{
    _cleanup_buf_ struct buf b = { 0 };
    ck_assert_int_eq(buf_visible(&b, "a\033]52;c\007\177\302\233\302\240\303\251\t\n"), 0);
    ck_assert_str_eq(b.data, "a\\033]52;c\\007\\177\\302\\233\302\240\303\251\t\n");
    buf_free(&b);
    ck_assert_int_eq(buf_visible(&b, "\233\303\251"), 0);
    ck_assert_str_eq(b.data, "\\233\\303\\251");
    buf_free(&b); /* marks that turn the direction, and their neighbours */
    ck_assert_int_eq(buf_visible(&b, "a\u202eb\u2066c\u2028\u200f\u061cd \u2010\u2030\u2065\u061b\u05d0"), 0);
    ck_assert_str_eq(b.data, "a\\342\\200\\256b\\342\\201\\246c\\342\\200\\250\\342\\200\\217\\330\\234d "
                             "\u2010\u2030\u2065\u061b\u05d0");
}
END_TEST

START_TEST(too_much_is_refused)
{
    _cleanup_buf_ struct buf b = { 0 };

    ck_assert_int_eq(buf_str(&b, "kept"), 0);
    ck_assert_int_eq(buf_add(&b, "x", SIZE_MAX / 2), -ENOMEM);
    ck_assert_str_eq(b.data, "kept");
}
END_TEST

/* A pipe that holds len bytes, its writing end closed. */
static int pipe_of(size_t len)
{
    char data[8192];
    int fds[2];

    memset(data, 'd', sizeof(data));
    ck_assert_uint_le(len, sizeof(data));
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    ck_assert_int_eq(write(fds[1], data, len), (ssize_t)len);
    close(fds[1]);
    return fds[0];
}

START_TEST(reads_up_to_the_limit)
{
    static const size_t sizes[] = { 0, 1, 63, 64, 4095, 4096, 4097, 8192 };

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        _cleanup_buf_ struct buf b = { 0 };
        _cleanup_close_ int fd = pipe_of(sizes[i]);

        ck_assert_int_eq(buf_read_fd(&b, fd, sizes[i]), 0);
        ck_assert_uint_eq(b.len, sizes[i]);
        ck_assert_int_eq(b.data[b.len], '\0');
    }
}
END_TEST

START_TEST(one_byte_more_is_too_big)
{
    static const size_t sizes[] = { 1, 64, 4096, 8192 };

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        _cleanup_buf_ struct buf b = { 0 };
        _cleanup_close_ int fd = pipe_of(sizes[i]);

        ck_assert_int_eq(buf_read_fd(&b, fd, sizes[i] - 1), -EFBIG);
        ck_assert_uint_le(b.len, sizes[i] - 1);
        ck_assert_int_eq(b.data[b.len], '\0');
    }
}
END_TEST

START_TEST(reads_files_only)
{
    _cleanup_buf_ struct buf b = { 0 };

    ck_assert_int_eq(buf_read_file(&b, AT_FDCWD, "/nonexistent", 10), -ENOENT);
    ck_assert_int_eq(buf_read_file(&b, AT_FDCWD, "/", 10), -EISDIR);
    ck_assert_int_eq(buf_read_file(&b, AT_FDCWD, "/dev/null", 10), 0);
    ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(lists_own_their_strings)
{
    _cleanup_strv_ struct strv s = { 0 };
    char text[32];

    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "string %d", i);
        ck_assert_int_eq(strv_add(&s, text), 0);
        ck_assert_ptr_null(s.v[s.n]);
    }
    ck_assert_uint_eq(s.n, 100);
    ck_assert_str_eq(s.v[0], "string 0");
    ck_assert(strv_has(&s, "string 99"));
    ck_assert(!strv_has(&s, "string"));
    ck_assert_int_eq(strv_take(&s, NULL), -ENOMEM);
    ck_assert_uint_eq(s.n, 100);
    strv_free(&s);
    ck_assert(!strv_has(&s, "string 0"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buf");
    TCase *c = tcase_create("buf");

    tcase_add_test(c, empty_is_usable);
    tcase_add_test(c, grows_and_stays_terminated);
    tcase_add_test(c, keeps_nul_bytes);
    tcase_add_test(c, prints);
    tcase_add_test(c, shows_control_characters);
    tcase_add_test(c, too_much_is_refused);
    tcase_add_test(c, reads_up_to_the_limit);
    tcase_add_test(c, one_byte_more_is_too_big);
    tcase_add_test(c, reads_files_only);
    tcase_add_test(c, lists_own_their_strings);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
