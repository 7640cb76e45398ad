/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of fds 0-2 may reach the payload, and the relays for files. Each test runs in a process of its own (Check
 * forks), so that it may change its standard files. */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal/stdio.h"

static const bool no_terminal[3] = { false, false, false };

/* An unlinked file with this content, open as flags say. */
static int temporary(const char *content, int flags)
{
    char path[] = "test-stdio-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    int again = open(path, flags | O_CLOEXEC);
    ck_assert_int_ge(again, 0);
    unlink(path);
    close(fd);
    return again;
}

static void put(int fd, int at)
{
    ck_assert_int_eq(dup2(fd, at), at);
    close(fd);
}

/* Everything harmless; tests then replace one. */
static void all_null(void)
{
    for (int fd = 0; fd < 3; fd++)
        put(open("/dev/null", O_RDWR), fd);
}

static void check_refused(int fd, int at, const char *word)
{
    struct stdio s;
    struct buf why = { 0 };
    ck_assert_int_ge(fd, 0);
    all_null();
    put(fd, at);
    ck_assert_int_lt(stdio_prepare(&s, no_terminal, true, &why), 0);
    ck_assert_ptr_nonnull(why.data);
    ck_assert_msg(strstr(why.data, word) != NULL, "%s", why.data);
    ck_assert_msg(strstr(why.data, "redirect") != NULL, "%s", why.data);
    buf_free(&why);
}

static void check_kept(int fd, int at, bool files_fenced)
{
    struct stdio s;
    struct buf why = { 0 };
    ck_assert_int_ge(fd, 0);
    all_null();
    put(fd, at);
    ck_assert_int_eq(stdio_prepare(&s, no_terminal, files_fenced, &why), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(s.payload[i], -1);
    stdio_end(&s);
    buf_free(&why);
}

START_TEST(test_refused)
{
    check_refused(open("/", O_RDONLY), 0, "a directory: /");
    check_refused(open("/", O_PATH), 2, "a directory");
    check_refused(open("/etc/passwd", O_PATH), 0, "path descriptor");
    check_refused(open("/dev/null", O_PATH), 1, "a device");
    check_refused(eventfd(0, 0), 1, "neither");
}
END_TEST

START_TEST(test_kept)
{
    int pipes[2], sockets[2];
    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    check_kept(pipes[0], 0, false);
    check_kept(pipes[1], 1, false);
    check_kept(sockets[0], 0, false);
    check_kept(open("/dev/zero", O_RDONLY), 0, false);
    check_kept(open("/dev/urandom", O_RDONLY), 0, false);
    check_kept(temporary("x", O_RDONLY), 0, true);
    check_kept(temporary("x", O_RDWR), 1, false);
}
END_TEST

START_TEST(test_terminals_are_not_judged)
{
    static const bool first[3] = { true, false, false };
    struct stdio s;
    struct buf why = { 0 };
    all_null();
    put(open("/", O_RDONLY), 0);
    ck_assert_int_eq(stdio_prepare(&s, first, true, &why), 0);
}
END_TEST

START_TEST(test_closed_become_null)
{
    struct stat null, st;
    ck_assert_int_eq(stat("/dev/null", &null), 0);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    ck_assert_int_eq(stdio_open_closed(0), 0);
    for (int fd = 0; fd < 3; fd++) {
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_rdev, null.st_rdev);
    }
}
END_TEST

/* Serve the relays until nothing is ready. */
static void serve(struct stdio *s)
{
    for (;;) {
        struct pollfd fds[STDIO_POLLFDS];
        stdio_pollfds(s, fds);
        if (poll(fds, STDIO_POLLFDS, 0) <= 0)
            return;
        stdio_handle(s, fds);
    }
}

START_TEST(test_input_relay_sets_the_offset)
{
    struct stdio s;
    struct buf why = { 0 };
    char got[8];

    all_null();
    put(temporary("one\ntwo\nthree\n", O_RDONLY), 0);
    ck_assert_int_eq(lseek(0, 4, SEEK_SET), 4); /* somebody has read the first line */
    ck_assert_int_eq(stdio_prepare(&s, no_terminal, false, &why), 0);
    ck_assert_int_ge(s.payload[0], 0);
    serve(&s);
    ck_assert_int_eq(read(s.payload[0], got, 4), 4);
    ck_assert_int_eq(memcmp(got, "two\n", 4), 0);
    ck_assert_int_eq(fcntl(s.payload[0], F_GETFL) & O_ACCMODE, O_RDONLY);
    stdio_end(&s);
    ck_assert_int_eq(lseek(0, 0, SEEK_CUR), 8); /* the next reads "three" */
}
END_TEST

START_TEST(test_input_relay_ends)
{
    struct stdio s;
    struct buf why = { 0 }, got = { 0 };
    size_t n = 300000;
    char *data = malloc(n + 1);

    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < n; i++)
        data[i] = (char)('a' + i % 23);
    data[n] = '\0';
    all_null();
    put(temporary(data, O_RDONLY), 0);
    ck_assert_int_eq(stdio_prepare(&s, no_terminal, false, &why), 0);
    char chunk[4096];
    for (;;) {
        serve(&s);
        ssize_t len = read(s.payload[0], chunk, sizeof(chunk)); /* returns 0 once the relay has closed its end */
        ck_assert_int_ge(len, 0);
        if (len == 0)
            break;
        ck_assert_int_eq(buf_add(&got, chunk, (size_t)len), 0);
    }
    ck_assert_uint_eq(got.len, n);
    ck_assert_int_eq(memcmp(got.data, data, n), 0);
    stdio_end(&s);
    ck_assert_int_eq(lseek(0, 0, SEEK_CUR), (off_t)n);
    buf_free(&got);
    free(data);
}
END_TEST

START_TEST(test_output_relay)
{
    struct stdio s;
    struct buf why = { 0 };
    char got[32] = "";

    all_null();
    int reader = temporary("", O_RDWR);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", reader);
    put(open(path, O_WRONLY | O_APPEND), 1);
    put(dup(1), 2); /* 2>&1 */
    ck_assert_int_eq(stdio_prepare(&s, no_terminal, false, &why), 0);
    ck_assert_int_ge(s.payload[1], 0);
    ck_assert_int_ge(s.payload[2], 0);
    ck_assert_int_eq(write(s.payload[1], "out\n", 4), 4);
    ck_assert_int_eq(write(s.payload[2], "err\n", 4), 4);
    serve(&s);
    ck_assert_int_eq(write(s.payload[1], "last\n", 5), 5);
    stdio_end(&s);
    ck_assert_int_eq(pread(reader, got, sizeof(got) - 1, 0), 13);
    ck_assert_str_eq(got, "out\nerr\nlast\n");
}
END_TEST

START_TEST(test_wrong_direction)
{
    struct stdio s;
    struct buf why = { 0 };
    char c;

    all_null();
    put(temporary("secret", O_WRONLY), 0);
    ck_assert_int_eq(stdio_prepare(&s, no_terminal, false, &why), 0);
    ck_assert_int_ge(s.payload[0], 0);
    ck_assert_int_eq(read(s.payload[0], &c, 1), -1);
    stdio_end(&s);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("stdio");
    TCase *tc = tcase_create("stdio");

    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_kept);
    tcase_add_test(tc, test_terminals_are_not_judged);
    tcase_add_test(tc, test_closed_become_null);
    tcase_add_test(tc, test_input_relay_sets_the_offset);
    tcase_add_test(tc, test_input_relay_ends);
    tcase_add_test(tc, test_output_relay);
    tcase_add_test(tc, test_wrong_direction);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
