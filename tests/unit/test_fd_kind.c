/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fd_kind(): what leads out is told from what does not, for each sort of descriptor that the kernel gives. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/fd_kind.h"

static char dir[128];

static const char *below(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

/* fd is of that kind, and is closed. what: a part of the phrase, for FD_ESCAPE. */
static void is(int fd, enum fd_kind kind, const char *what)
{
    const char *phrase;
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(fd_kind(fd, &phrase) == kind, "kind %d wanted: %s", (int)kind, phrase);
    if (what)
        ck_assert_ptr_nonnull(strstr(phrase, what));
    else
        ck_assert_ptr_null(phrase);
    close(fd);
}

START_TEST(test_files)
{
    struct stat st;
    is(open("/", O_RDONLY | O_CLOEXEC), FD_ESCAPE, "a directory");
    is(open("/", O_PATH | O_CLOEXEC), FD_ESCAPE, "a directory");
    is(open(below("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), FD_FILE, NULL);
    is(open(below("file"), O_RDONLY | O_CLOEXEC), FD_FILE, NULL);
    is(open(below("file"), O_PATH | O_CLOEXEC), FD_FILE, NULL);
    ck_assert_int_eq(symlink("nowhere", below("link")), 0);
    is(open(below("link"), O_PATH | O_NOFOLLOW | O_CLOEXEC), FD_FILE, NULL);
    ck_assert_int_eq(mkfifo(below("fifo"), 0600), 0);
    is(open(below("fifo"), O_RDWR | O_CLOEXEC), FD_HARMLESS, NULL);
    is(open(below("fifo"), O_PATH | O_CLOEXEC), FD_FILE, NULL);
    is(open("/dev/null", O_RDWR | O_CLOEXEC), FD_HARMLESS, NULL);
    is(open("/dev/null", O_PATH | O_CLOEXEC), FD_DEVICE, NULL);
    if (stat("/dev/fuse", &st) == 0 && access("/dev/fuse", R_OK) == 0)
        is(open("/dev/fuse", O_RDONLY | O_CLOEXEC), FD_DEVICE, NULL);
    /* One that is gone is memory; one that has another name than it was opened by may be anywhere. */
    int fd = open(below("gone"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(unlink(below("gone")), 0);
    is(fd, FD_HARMLESS, NULL);
    fd = open(below("first"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char first[256];
    strcpy(first, below("first"));
    ck_assert_int_eq(link(first, below("second")), 0);
    ck_assert_int_eq(unlink(first), 0);
    is(fd, FD_ESCAPE, "whose place nobody can tell");
    is(memfd_create("x", MFD_CLOEXEC), FD_HARMLESS, NULL);
}
END_TEST

START_TEST(test_kernel)
{
    sigset_t none;
    int pipes[2], master, slave, other;
    sigemptyset(&none);
    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
    is(pipes[0], FD_HARMLESS, NULL);
    is(pipes[1], FD_HARMLESS, NULL);
    if (openpty(&master, &slave, NULL, NULL, NULL) == 0) {
        other = dup(slave);
        is(slave, FD_HARMLESS, NULL);
        is(master, FD_HARMLESS, NULL);
        is(other, FD_HARMLESS, NULL); /* hung up */
    }
    is(eventfd(0, EFD_CLOEXEC), FD_HARMLESS, NULL);
    is(epoll_create1(EPOLL_CLOEXEC), FD_HARMLESS, NULL);
    is(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), FD_HARMLESS, NULL);
    is(signalfd(-1, &none, SFD_CLOEXEC), FD_HARMLESS, NULL);
    is(inotify_init1(IN_CLOEXEC), FD_HARMLESS, NULL);
    is(open("/proc/self/mem", O_RDWR | O_CLOEXEC), FD_ESCAPE, "/proc");
    is(open("/proc/self/mem", O_PATH | O_CLOEXEC), FD_ESCAPE, "/proc");
    is(open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC), FD_ESCAPE, "a namespace");
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (fd >= 0)
        is(fd, FD_ESCAPE, "");
    fd = (int)syscall(SYS_io_uring_setup, 1, (char[120]){ 0 });
    if (fd >= 0)
        is(fd, FD_ESCAPE, "");
    fd = open("/sys/fs/cgroup/cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        is(fd, FD_ESCAPE, "");
    fd = mq_open("/agentjail-test-fd-kind", O_RDWR | O_CREAT | O_CLOEXEC, 0600, NULL);
    mq_unlink("/agentjail-test-fd-kind");
    if (fd >= 0)
        is(fd, FD_HARMLESS, NULL);
}
END_TEST

/* What getpeername(2) and SO_ACCEPTCONN say is not what an attacker makes of it later: those that stay are tried. */
static void stays(int fd, int error)
{
    struct sockaddr_un other = { .sun_family = AF_UNIX };
    int host = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(other);
    snprintf(other.sun_path + 1, sizeof(other.sun_path) - 1, "agentjail-fd-kind-%d", (int)getpid());
    ck_assert_int_eq(bind(host, (struct sockaddr *)&other, len), 0);
    ck_assert_int_eq(listen(host, 1), 0);
    struct sockaddr none = { .sa_family = AF_UNSPEC };
    connect(fd, &none, sizeof(none));
    shutdown(fd, SHUT_RDWR);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&other, len), -1);
    ck_assert_int_eq(errno, error);
    close(host);
}

START_TEST(test_sockets)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    stays(pair[0], EISCONN);
    is(pair[0], FD_HARMLESS, NULL);
    close(pair[1]);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    is(pair[0], FD_HARMLESS, NULL);
    close(pair[1]);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    is(pair[0], FD_SOCKET, NULL);
    close(pair[1]);
    is(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), FD_SOCKET, NULL);
    is(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), FD_SOCKET, NULL);
    is(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), FD_SOCKET, NULL);
    is(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), FD_SOCKET, NULL);

    struct sockaddr_un at = { .sun_family = AF_UNIX };
    strcpy(at.sun_path, below("socket"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    stays(fd, EINVAL);
    is(fd, FD_HARMLESS, NULL);
    is(open(at.sun_path, O_PATH | O_CLOEXEC), FD_FILE, NULL);

    /* TCP, connected: it can be disconnected. */
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(in);
    int service = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(service, (struct sockaddr *)&in, len), 0);
    ck_assert_int_eq(listen(service, 1), 0);
    ck_assert_int_eq(getsockname(service, (struct sockaddr *)&in, &len), 0);
    if (connect(client, (struct sockaddr *)&in, len) == 0)
        is(client, FD_SOCKET, NULL);
    is(service, FD_SOCKET, NULL);
}
END_TEST

static void begin(void)
{
    unit_dir(dir, sizeof(dir));
}

static void end(void)
{
    static const char *const names[] = { "file", "link", "fifo", "second", "socket" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(below(names[i]));
    rmdir(dir);
}

static Suite *suite(void)
{
    Suite *s = suite_create("fd_kind");
    TCase *tc = tcase_create("kinds");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, test_files);
    tcase_add_test(tc, test_kernel);
    tcase_add_test(tc, test_sockets);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
