/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control socket's server against clients of every sort. The clock is made up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "registry/control.h"
#include "unit.h"

static char dir[80]; /* a socket is in there, whose path may have 107 bytes */
static struct registry registry;
static struct control control;
static int64_t now;
static int served;
static struct buf long_answer;

static int serve_long(void *monitor, const struct control_request *q, int *fd, struct buf *answer)
{
    (void)fd;
    (void)q;
    ck_assert_ptr_eq(monitor, &served);
    served++;
    return buf_add(answer, long_answer.data, long_answer.len);
}

static int serve_later(void *monitor, const struct control_request *q, int *fd, struct buf *answer)
{
    (void)fd;
    (void)monitor;
    (void)q;
    (void)answer;
    served++;
    return CONTROL_LATER;
}

static const struct control_row rows[CONTROL_KINDS] = {
    [CONTROL_INSPECT] = { 1U << 2, false, serve_long },
    [CONTROL_END] = { 1U << 2, false, serve_later },
};

/* Everything that is ready, until nothing is. */
static void turn(void)
{
    for (int i = 0; i < 1000; i++) {
        struct pollfd fds[CONTROL_POLLFDS];
        control_pollfds(&control, fds);
        int n = poll(fds, CONTROL_POLLFDS, 0);
        control_handle(&control, fds, now, rows, 2, &served);
        if (n == 0)
            return;
    }
}

static void open_control(void)
{
    unit_dir(dir, sizeof(dir));
    registry = REGISTRY_EMPTY;
    registry.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    strcpy(registry.id, "0123abcd");
    control_init(&control);
    now = 1000;
    served = 0;
    ck_assert_int_eq(control_open(&control, &registry, now), 0);
    ck_assert_int_gt(control_next(&control), now);
    turn();
    ck_assert_int_lt(faccessat(registry.dir, "0123abcd.sock", F_OK, 0), 0);
    now = control_next(&control);
    turn();
    ck_assert_int_eq(faccessat(registry.dir, "0123abcd.sock", F_OK, 0), 0);
    ck_assert_int_eq(control_next(&control), 0);
}

static void close_control(void)
{
    control_close(&control);
    unlinkat(registry.dir, "0123abcd.sock", 0);
    close(registry.dir);
    rmdir(dir);
    buf_free(&long_answer);
}

static int client(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof(a.sun_path), "%s/0123abcd.sock", dir);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void ask(int fd, uint32_t kind)
{
    struct control_request q = { .version = CONTROL_VERSION, .kind = kind };
    ck_assert_int_eq(send(fd, &q, sizeof(q), MSG_NOSIGNAL), sizeof(q));
}

/* The answer's error; -1 when the connection was closed, -2 when there is nothing yet. */
static int answer(int fd, struct buf *text)
{
    struct control_answer part;
    buf_free(text);
    for (;;) {
        ssize_t n = recv(fd, &part, sizeof(part), 0);
        if (n < 0 && errno == EAGAIN)
            return -2;
        if (n <= 0)
            return -1;
        ck_assert_int_ge(n, 8);
        buf_add(text, part.text, (size_t)n - 8);
        if (!part.more)
            return part.error;
        turn();
    }
}

START_TEST(a_request_is_answered_and_another)
{
    struct buf text = { 0 };
    buf_str(&long_answer, "hello");
    int fd = client();
    for (int i = 0; i < 3; i++) {
        turn();
        ask(fd, CONTROL_INSPECT);
        turn();
        ck_assert_int_eq(answer(fd, &text), 0);
        ck_assert_str_eq(text.data, "hello");
    }
    ck_assert_int_eq(served, 3);
    buf_free(&text);
    close(fd);
}
END_TEST

START_TEST(a_long_answer_comes_in_parts_and_blocks_nobody)
{
    struct buf text = { 0 };
    for (int i = 0; i < 200000; i++)
        buf_printf(&long_answer, "%d,", i);
    int slow = client(), quick = client();
    turn();
    ask(slow, CONTROL_INSPECT);
    turn(); /* fills the socket and stops */
    ask(quick, CONTROL_INSPECT);
    turn();
    ck_assert_int_eq(answer(quick, &text), 0);
    ck_assert_uint_eq(text.len, long_answer.len);
    ck_assert_int_eq(answer(slow, &text), 0);
    ck_assert(memcmp(text.data, long_answer.data, long_answer.len) == 0);

    ask(slow, CONTROL_INSPECT); /* and never reads it */
    turn();
    now += 6000;
    turn();
    ck_assert_int_eq(control.clients[0].fd, -1);
    buf_free(&text);
    close(slow);
    close(quick);
}
END_TEST

START_TEST(what_is_not_permitted_or_known_is_refused)
{
    struct buf text = { 0 };
    int fd = client();
    turn();
    struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_INSPECT };
    ck_assert_int_eq(send(fd, &q, sizeof(q), 0), sizeof(q));
    struct pollfd fds[CONTROL_POLLFDS];
    control_pollfds(&control, fds);
    poll(fds, CONTROL_POLLFDS, 0);
    control_handle(&control, fds, now, rows, 0, &served); /* another stage */
    ck_assert_int_eq(answer(fd, &text), EBUSY);
    ask(fd, CONTROL_KILL); /* a kind without a row */
    turn();
    ck_assert_int_eq(answer(fd, &text), EOPNOTSUPP);
    ck_assert_int_eq(served, 0);
    buf_free(&text);
    close(fd);
}
END_TEST

/* One client that sends these bytes: closed, nothing served. */
static void refused(const void *data, size_t len)
{
    struct buf text = { 0 };
    int fd = client();
    turn();
    ck_assert_int_eq(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
    turn();
    ck_assert_int_eq(answer(fd, &text), -1);
    close(fd);
}

START_TEST(garbage_closes_the_connection)
{
    static char big[70000];
    struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_INSPECT };
    refused("x", 1);
    refused(&q, sizeof(q) - 1);
    refused(big, sizeof(big));
    memset(big, 0xff, sizeof(big));
    refused(big, sizeof(q));
    q.version = 2;
    refused(&q, sizeof(q));
    q.version = CONTROL_VERSION;
    q.kind = 0;
    refused(&q, sizeof(q));
    q.kind = CONTROL_KINDS;
    refused(&q, sizeof(q));
    q.kind = CONTROL_INSPECT;
    memset(q.text, 'a', sizeof(q.text)); /* no NUL */
    refused(&q, sizeof(q));
    ck_assert_int_eq(served, 0);
}
END_TEST

static int fds_open(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

START_TEST(descriptors_that_come_along_are_not_kept)
{
    int fd = client();
    turn();
    int before = fds_open();
    struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_INSPECT };
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } space = { 0 };
    struct iovec iov = { &q, sizeof(q) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &space, .msg_controllen = sizeof(space) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) };
    memcpy(CMSG_DATA(c), &registry.dir, sizeof(int));
    ck_assert_int_gt(sendmsg(fd, &msg, 0), 0);
    turn();
    ck_assert_int_eq(control.clients[0].fd, -1);
    ck_assert_int_eq(fds_open(), before - 1);
    close(fd);
}
END_TEST

START_TEST(silent_clients_make_room_in_time)
{
    struct buf text = { 0 };
    int silent[CONTROL_CLIENTS];
    buf_str(&long_answer, "hello");
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        silent[i] = client();
    turn();
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        ck_assert_int_ge(control.clients[i].fd, 0);
    int fd = client();
    ask(fd, CONTROL_INSPECT);
    turn();
    ck_assert_int_eq(answer(fd, &text), -2);
    ck_assert_int_eq(control_next(&control), now + 2000);
    now += 2000;
    turn(); /* they go */
    turn(); /* the next comes */
    ck_assert_int_eq(answer(fd, &text), 0);
    buf_free(&text);
    close(fd);
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        close(silent[i]);
}
END_TEST

START_TEST(an_answer_that_comes_later)
{
    struct buf text = { 0 };
    int one = client(), other = client(), gone = client();
    turn();
    ask(one, CONTROL_END);
    ask(other, CONTROL_END);
    ask(gone, CONTROL_END);
    turn();
    ck_assert_int_eq(served, 3);
    ck_assert_int_eq(answer(one, &text), -2);
    close(gone);
    turn();
    control_finish(&control, CONTROL_INSPECT, 0, "for nobody", now);
    ck_assert_int_eq(answer(one, &text), -2);
    control_finish(&control, CONTROL_END, EIO, "went wrong", now);
    turn();
    ck_assert_int_eq(answer(one, &text), EIO);
    ck_assert_str_eq(text.data, "went wrong");
    ck_assert_int_eq(answer(other, &text), EIO);
    buf_free(&text);
    close(one);
    close(other);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("control");
    TCase *tc = tcase_create("server");
    tcase_add_checked_fixture(tc, open_control, close_control);
    tcase_add_test(tc, a_request_is_answered_and_another);
    tcase_add_test(tc, a_long_answer_comes_in_parts_and_blocks_nobody);
    tcase_add_test(tc, what_is_not_permitted_or_known_is_refused);
    tcase_add_test(tc, garbage_closes_the_connection);
    tcase_add_test(tc, descriptors_that_come_along_are_not_kept);
    tcase_add_test(tc, silent_clients_make_room_in_time);
    tcase_add_test(tc, an_answer_that_comes_later);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
