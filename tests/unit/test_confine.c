/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What our own processes may still do once they are confined: each check in a child, with the same call before as control. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lockdown/seccomp.h"
#include "unit.h"

static const int calls[] = { SYS_fchmodat, SYS_exit_group };

enum { MODE_ALLOWED = 1, MODE_REFUSED = 2, OTHER_REFUSED = 4, CONTROL = 8 };

static int confined(const char *path)
{
    int seen = 0;
    if (fchmodat(AT_FDCWD, path, 0755, 0) == 0 && fchmodat(AT_FDCWD, path, 04700, 0) == 0 && chdir("/") == 0)
        seen |= CONTROL;
    if (seccomp_confine_private(calls, sizeof(calls) / sizeof(*calls)) < 0)
        return 0;
    if (fchmodat(AT_FDCWD, path, 0700, 0) == 0)
        seen |= MODE_ALLOWED;
    if (fchmodat(AT_FDCWD, path, 0755, 0) < 0 && errno == EPERM && fchmodat(AT_FDCWD, path, 04700, 0) < 0)
        seen |= MODE_REFUSED;
    if (chdir("/") < 0 && errno == EPERM)
        seen |= OTHER_REFUSED;
    return seen;
}

START_TEST(test_private_modes)
{
    char dir[128], path[140];
    unit_dir(dir, sizeof(dir));
    snprintf(path, sizeof(path), "%s/file", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), status;
    ck_assert_int_ge(fd, 0);
    close(fd);
    pid_t pid = fork();
    if (pid == 0)
        syscall(SYS_exit_group, confined(path)); /* a leak checker would want more calls at _exit(2) */
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    unlink(path);
    rmdir(dir);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), CONTROL | MODE_ALLOWED | MODE_REFUSED | OTHER_REFUSED);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

/* --- a connection that Landlock does not see --- */

static const int network_calls[] = { SYS_socket, SYS_connect, SYS_sendto, SYS_sendmsg, SYS_close, SYS_exit_group };

enum { SENT = 1, TO_REFUSED = 2, MESSAGE_REFUSED = 4, OTHERS_SENT = 8 };

/* Send by a new socket: whether that may be at all, not whether it arrives. */
static bool may_send(const struct sockaddr_in *to, int flags, bool as_message)
{
    struct iovec iov = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
    struct sockaddr_in address = *to;
    const struct msghdr msg = { .msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &iov, .msg_iovlen = 1 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t n = as_message ? sendmsg(fd, &msg, flags | MSG_NOSIGNAL)
                           : sendto(fd, "x", 1, flags | MSG_NOSIGNAL, (const struct sockaddr *)to, sizeof(*to));
    bool may = n >= 0 || errno != EPERM;
    close(fd);
    return may;
}

static int send_confined(const struct sockaddr_in *to)
{
    int seen = may_send(to, MSG_FASTOPEN, false) && may_send(to, MSG_FASTOPEN, true) ? SENT : 0;
    if (seccomp_confine_network(network_calls, sizeof(network_calls) / sizeof(*network_calls)) < 0)
        return 0;
    seen |= may_send(to, MSG_FASTOPEN, false) || may_send(to, MSG_FASTOPEN | MSG_DONTWAIT, false) ? 0 : TO_REFUSED;
    seen |= may_send(to, MSG_FASTOPEN, true) ? 0 : MESSAGE_REFUSED;
    seen |= may_send(to, 0, false) && may_send(to, MSG_DONTWAIT, true) ? OTHERS_SENT : 0;
    return seen;
}

START_TEST(test_fast_open)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(to);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status;
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&to, sizeof(to)), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&to, &len), 0);
    pid_t pid = fork();
    if (pid == 0)
        syscall(SYS_exit_group, send_confined(&to));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    close(listener);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), SENT | TO_REFUSED | MESSAGE_REFUSED | OTHERS_SENT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("confine");
    TCase *tc = tcase_create("confine");
    tcase_add_test(tc, test_private_modes);
    tcase_add_test(tc, test_fast_open);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
