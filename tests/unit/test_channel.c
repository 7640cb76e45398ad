/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The channel between monitor and init: what a hostile end may send, and what arrives. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "ipc/channel.h"

#include "unit.h"

static int monitor, jail;

static void open_pair(void)
{
    ck_assert_int_eq(channel_pair(&monitor, &jail), 0);
}

static void close_pair(void)
{
    close(monitor);
    close(jail);
}

/* Send raw bytes with n_fds copies of standard input, as only a peer gone wrong would. */
static void send_raw(const void *data, size_t len, int n_fds)
{
    union {
        char space[CMSG_SPACE(8 * sizeof(int))];
        struct cmsghdr align;
    } control = { 0 };
    struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (n_fds > 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
        int fd = monitor;
        for (int i = 0; i < n_fds; i++)
            memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &fd, sizeof(fd));
    }
    ck_assert_int_eq(sendmsg(jail, &msg, MSG_NOSIGNAL), (ssize_t)len);
}

static int open_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* What arrives is refused, the outputs are as they were, and no fd is left behind. */
static void refused(int error)
{
    struct message m = { .kind = 77 };
    int fd = -7;
    int before = open_fds();

    ck_assert_int_eq(channel_receive(monitor, &m, &fd), error);
    ck_assert_uint_eq(m.kind, 77);
    ck_assert_int_eq(fd, -7);
    ck_assert_int_eq(open_fds(), before);
}

START_TEST(carries_a_message)
{
    struct message sent = { .kind = MSG_FAILED, .code = -3, .value = INT64_MIN, .text = "no such file" };
    struct message got;
    int fd = -7;

    ck_assert_int_eq(channel_send(jail, &sent, -1), 0);
    ck_assert_int_eq(channel_receive(monitor, &got, &fd), 0);
    ck_assert_uint_eq(got.kind, MSG_FAILED);
    ck_assert_int_eq(got.code, -3);
    ck_assert(got.value == INT64_MIN);
    ck_assert_str_eq(got.text, "no such file");
    ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(carries_a_descriptor)
{
    struct message sent = { .kind = MSG_READY }, got;
    struct stat a, b;
    int pipes[2];
    _cleanup_close_ int fd = -1;

    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
    ck_assert_int_eq(channel_send(jail, &sent, pipes[0]), 0);
    ck_assert_int_eq(channel_receive(monitor, &got, &fd), 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &a), 0);
    ck_assert_int_eq(fstat(pipes[0], &b), 0);
    ck_assert(a.st_ino == b.st_ino);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    close(pipes[0]);
    close(pipes[1]);
}
END_TEST

START_TEST(keeps_boundaries)
{
    for (int i = 0; i < 10; i++) {
        struct message m = { .kind = MSG_STOPPED, .value = i };
        ck_assert_int_eq(channel_send(jail, &m, -1), 0);
    }
    for (int i = 0; i < 10; i++) {
        struct message m;
        int fd;
        ck_assert_int_eq(channel_receive(monitor, &m, &fd), 0);
        ck_assert_int_eq(m.value, i);
    }
}
END_TEST

START_TEST(terminates_text)
{
    struct message sent = { .kind = MSG_FAILED }, got;
    int fd;

    memset(sent.text, 'x', sizeof(sent.text));
    ck_assert_int_eq(channel_send(jail, &sent, -1), 0);
    ck_assert_int_eq(channel_receive(monitor, &got, &fd), 0);
    ck_assert_uint_eq(strlen(got.text), sizeof(got.text) - 1);

    send_raw(&sent, sizeof(sent), 0);
    ck_assert_int_eq(channel_receive(monitor, &got, &fd), 0);
    ck_assert_uint_eq(strlen(got.text), sizeof(got.text) - 1);
}
END_TEST

START_TEST(refuses_unknown_kinds)
{
    static const uint32_t kinds[] = { 0, MSG_KINDS, MSG_KINDS + 1, UINT32_MAX };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        struct message m = { .kind = kinds[i] };
        send_raw(&m, sizeof(m), 0);
        refused(-EBADMSG);
    }
}
END_TEST

START_TEST(refuses_wrong_sizes)
{
    struct {
        struct message m;
        char more[8];
    } large = { .m = { .kind = MSG_READY } };

    send_raw(&large.m, 1, 0);
    refused(-EBADMSG);
    send_raw(&large.m, offsetof(struct message, text) - 1, 0);
    refused(-EBADMSG);
    send_raw(&large, sizeof(large), 0);
    refused(-EBADMSG);
    send_raw(&large, sizeof(large), 1);
    refused(-EBADMSG);
}
END_TEST

START_TEST(refuses_more_descriptors)
{
    struct message m = { .kind = MSG_READY };

    for (int n = 2; n <= 8; n++) {
        send_raw(&m, offsetof(struct message, text), n);
        refused(-EBADMSG);
    }
}
END_TEST

/* An end that closes with messages unread is told as a reset: once, and before what it had sent. */
START_TEST(last_words_are_heard)
{
    struct message unread = { .kind = MSG_SIGNAL }, m = { .kind = MSG_EXITED, .value = 3 };
    int fd;

    ck_assert_int_eq(channel_send(monitor, &unread, -1), 0);
    ck_assert_int_eq(channel_send(jail, &m, -1), 0);
    close(jail);
    jail = -1;
    ck_assert_int_eq(channel_receive(monitor, &m, &fd), 0);
    ck_assert_uint_eq(m.kind, MSG_EXITED);
    ck_assert_int_eq(m.value, 3);
    refused(-EPIPE);
}
END_TEST

START_TEST(end_of_file)
{
    struct message m = { .kind = MSG_GO };

    close(jail);
    jail = -1;
    refused(-EPIPE);
    /* No SIGPIPE either. */
    ck_assert_int_eq(channel_send(monitor, &m, -1), -EPIPE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("channel");
    TCase *c = tcase_create("channel");

    tcase_add_checked_fixture(c, open_pair, close_pair);
    tcase_add_test(c, carries_a_message);
    tcase_add_test(c, carries_a_descriptor);
    tcase_add_test(c, keeps_boundaries);
    tcase_add_test(c, terminates_text);
    tcase_add_test(c, refuses_unknown_kinds);
    tcase_add_test(c, refuses_wrong_sizes);
    tcase_add_test(c, refuses_more_descriptors);
    tcase_add_test(c, last_words_are_heard);
    tcase_add_test(c, end_of_file);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
