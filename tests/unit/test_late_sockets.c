/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets for UDP ports that are granted later are made where the gateway says: in a jail's network namespace, never in that of
 * whoever grants them, whatever the gateway sends. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/late_udp.h"
#include "ipc/listeners.h"
#include "ipc/packet.h"
#include "jail/late_sockets.h"
#include "unit.h"

static const struct dialler_ports ports = { .n = 1, .range = { { 47001, 47002 } } };

/* What comes for a place that this socket shows: the number of sockets, or 0. */
static int made_at(int witness, struct listener *list, struct buf *why)
{
    const struct late_udp_place place = { .ipv6 = 0 };
    struct late_sockets late;
    ck_assert_int_eq(late_sockets_begin(&ports, &late, why), 0);
    ck_assert_int_eq(packet_send(late.channel, &place, sizeof(place), witness), 0);
    int mine = fcntl(late.channel, F_DUPFD_CLOEXEC, 3);
    ck_assert_int_ge(mine, 0);
    ck_assert_int_eq(late_sockets_end(&late, -EIO, why), -EIO);
    int n = listeners_receive(mine, list);
    close(mine);
    return n < 0 ? 0 : n;
}

START_TEST(test_own_namespace)
{
    struct listener list[LISTENERS_MAX];
    struct buf why = { 0 };
    int witness = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(made_at(witness, list, &why), 0);
    ck_assert_ptr_nonnull(why.data);
    ck_assert_ptr_nonnull(strstr(why.data, "no socket can be made"));
    close(witness);
    buf_free(&why);
}
END_TEST

START_TEST(test_no_socket)
{
    struct listener list[LISTENERS_MAX];
    struct buf why = { 0 };
    int none[] = { open("/dev/null", O_RDONLY | O_CLOEXEC), open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), -1 };
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        ck_assert_int_eq(made_at(none[i], list, &why), 0);
        if (none[i] >= 0)
            close(none[i]);
    }
    buf_free(&why);
}
END_TEST

/* A socket of a network namespace below a user namespace of ours; -1 where none can be had. */
static int below(void)
{
    int pair[2], fd = -1, status;
    char c;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int socket_there = unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? -1 : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        _exit(socket_there < 0 || packet_send(pair[1], "x", 1, socket_there) < 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        ck_assert_int_eq(packet_receive(pair[0], &c, 1, &fd), 0);
    close(pair[0]);
    close(pair[1]);
    return fd;
}

START_TEST(test_namespace_below)
{
    struct listener list[LISTENERS_MAX];
    struct buf why = { 0 };
    int witness = below();
    if (witness < 0)
        return; /* this host has no namespaces for us */
    int n = made_at(witness, list, &why);
    ck_assert_int_eq(n, 2);
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(list[i].kind, LISTENER_UDP);
        ck_assert_int_eq(list[i].port, 47001 + i);
        close(list[i].fd);
    }
    close(witness);
    buf_free(&why);
}
END_TEST

START_TEST(test_too_many)
{
    const struct dialler_ports many = { .n = 1, .range = { { 1, 65535 } } };
    struct late_sockets late;
    struct buf why = { 0 };
    ck_assert_int_eq(late_sockets_begin(&many, &late, &why), -E2BIG);
    ck_assert_ptr_nonnull(strstr(why.data, "name fewer"));
    buf_free(&why);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("late sockets");
    TCase *c = tcase_create("places");
    tcase_add_test(c, test_own_namespace);
    tcase_add_test(c, test_no_socket);
    tcase_add_test(c, test_namespace_below);
    tcase_add_test(c, test_too_many);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
