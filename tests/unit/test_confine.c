/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What our own processes may still do once they are confined: each check in a child, with the same call before as control. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

static Suite *suite(void)
{
    Suite *s = suite_create("confine");
    TCase *tc = tcase_create("confine");
    tcase_add_test(tc, test_private_modes);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
