/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What init tells of the payload's calls: what arrives, and what is refused. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ipc/channel.h"
#include "ipc/observed.h"

#include "unit.h"

static int monitor, jail;
static struct observed_message got;

static void open_pair(void)
{
    ck_assert_int_eq(channel_pair(&monitor, &jail), 0);
}

static void close_pair(void)
{
    close(monitor);
    close(jail);
}

/* An event with these texts, one behind the other in data. */
static struct observed event(enum observed_kind kind, uint32_t exe, uint32_t path, uint32_t second, uint32_t argv)
{
    return (struct observed){ .kind = (uint8_t)kind, .pid = 7, .error = -1,
                              .lengths = { [OBSERVED_EXE] = exe, [OBSERVED_PATH] = path, [OBSERVED_SECOND] = second,
                                           [OBSERVED_ARGV] = argv } };
}

START_TEST(a_file)
{
    struct observed e = event(OBSERVED_RENAME, 5, 3, 3, 0);
    ck_assert_int_eq(observed_send(jail, &e, "/exe\0/a\0/b"), 0);
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_str_eq(got.texts[OBSERVED_EXE], "/exe");
    ck_assert_str_eq(got.texts[OBSERVED_PATH], "/a");
    ck_assert_str_eq(got.texts[OBSERVED_SECOND], "/b");
    ck_assert_ptr_null(got.texts[OBSERVED_CWD]);
    ck_assert_ptr_null(got.argv[0]);
    ck_assert_uint_eq(got.head.pid, 7);
    ck_assert_int_eq(observed_receive(monitor, &got), -EAGAIN);
}
END_TEST

START_TEST(many_at_once)
{
    struct {
        struct observed head;
        char data[8];
    } e = { .head = event(OBSERVED_READ, 5, 3, 0, 0) };
    struct iovec packets[OBSERVED_MANY];
    int sent = 0, r, size = 4096;
    memcpy(e.data, "/exe\0/a", 8);
    for (size_t i = 0; i < OBSERVED_MANY; i++)
        packets[i] = (struct iovec){ .iov_base = &e, .iov_len = sizeof(e) };
    ck_assert_int_eq(observed_send_many(jail, packets, 2), 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(observed_receive(monitor, &got), 0);
        ck_assert_str_eq(got.texts[OBSERVED_EXE], "/exe");
        ck_assert_str_eq(got.texts[OBSERVED_PATH], "/a");
    }
    ck_assert_int_eq(observed_receive(monitor, &got), -EAGAIN);
    ck_assert_int_eq(setsockopt(jail, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
    while ((r = observed_send_many(jail, packets, OBSERVED_MANY)) > 0)
        sent += r;
    ck_assert_int_eq(r, -EAGAIN); /* what has no room is not lost: it is the caller's still */
    while (observed_receive(monitor, &got) == 0)
        sent--;
    ck_assert_int_eq(sent, 0);
}
END_TEST

START_TEST(words)
{
    struct observed e = event(OBSERVED_EXEC, 0, 3, 0, 7);
    ck_assert_int_eq(observed_send(jail, &e, "/a\0sh\0\0-c"), 0);
    ck_assert_int_eq(observed_receive(monitor, &got), 0);
    ck_assert_str_eq(got.argv[0], "sh");
    ck_assert_str_eq(got.argv[1], "");
    ck_assert_str_eq(got.argv[2], "-c");
    ck_assert_ptr_null(got.argv[3]);
}
END_TEST

/* What no init of ours sends. */
START_TEST(refused)
{
    static const struct {
        enum observed_kind kind;
        uint32_t path, second;
    } bad[] = { { 0, 3, 0 },
                { OBSERVED_KINDS, 3, 0 },
                { OBSERVED_WRITE, 0, 0 },   /* no path */
                { OBSERVED_RENAME, 3, 0 },  /* to nowhere */
                { OBSERVED_REFUSED, 0, 0 },
                { OBSERVED_WRITE, 2, 0 } }; /* no NUL at its end */
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        struct observed e = event(bad[i].kind, 0, bad[i].path, bad[i].second, 0);
        ck_assert_int_eq(observed_send(jail, &e, "/a\0/b"), 0);
        ck_assert_int_eq(observed_receive(monitor, &got), -EBADMSG);
    }
    struct observed e = event(OBSERVED_WRITE, 0, 3, 0, 0);
    ck_assert_int_eq(send(jail, &e, sizeof(e), 0), (ssize_t)sizeof(e)); /* its path is not there */
    ck_assert_int_eq(observed_receive(monitor, &got), -EBADMSG);
    ck_assert_int_eq(send(jail, &e, 7, 0), 7);
    ck_assert_int_eq(observed_receive(monitor, &got), -EBADMSG);
    struct observed refusals[] = { event(OBSERVED_REFUSED, 0, 3, 0, 0), event(OBSERVED_REFUSED, 0, 3, 0, 0) };
    refusals[0].number = OBSERVED_REFUSALS_MAX;
    refusals[1].tried = OBSERVED_LOST;
    for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
        ck_assert_int_eq(observed_send(jail, &refusals[i], "/a"), 0);
        ck_assert_int_eq(observed_receive(monitor, &got), -EBADMSG);
    }
    e.lengths[OBSERVED_EXE] = UINT32_MAX - 2; /* all together: what is there */
    char space[sizeof(e) + 3] = { 0 };
    memcpy(space, &e, sizeof(e));
    ck_assert_int_eq(send(jail, space, sizeof(space), 0), (ssize_t)sizeof(space));
    ck_assert_int_eq(observed_receive(monitor, &got), -EBADMSG);
}
END_TEST

START_TEST(nobody_waits)
{
    struct observed e = event(OBSERVED_WRITE, 0, 3, 0, 0);
    int r = 0;
    for (int i = 0; i < 1000000 && r == 0; i++)
        r = observed_send(jail, &e, "/a");
    ck_assert_int_eq(r, -EAGAIN);
    close(jail);
    while ((r = observed_receive(monitor, &got)) == 0)
        ;
    ck_assert_int_eq(r, -EPIPE);
    jail = -1;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observed");
    TCase *c = tcase_create("observed");
    tcase_add_checked_fixture(c, open_pair, close_pair);
    tcase_add_test(c, a_file);
    tcase_add_test(c, many_at_once);
    tcase_add_test(c, words);
    tcase_add_test(c, refused);
    tcase_add_test(c, nobody_waits);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
