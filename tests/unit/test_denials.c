/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's filter and the guard's as one program: what each call gets, and what init finds out of it. */
#include "unit.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "filter/filter.h"
#include "filter_bpf.h"
#include "ipc/start.h"
#include "lockdown/denials.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

enum { GUARD_SAYS = SECCOMP_RET_ERRNO | EXDEV };

static const uint64_t first[2] = { 0x1122334455667788U, 0x99aabbccddeeff00U };
static struct sock_filter both[BPF_MAXINSNS];
static struct filter_program program;

/* Of a guard: one call is its own. */
static const struct sock_filter guard[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, GUARD_SAYS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void load_default(void)
{
    const char *top = getenv("top_srcdir");
    char directory[4096];
    snprintf(directory, sizeof(directory), "%s/profiles/seccomp", top ? top : ".");
    const char *const directories[] = { directory, NULL };
    const struct filter_request request = { .name = "default", .directories = directories };
    struct buf why = { 0 };
    ck_assert_int_eq(filter_load(&request, &program, &why), 0);
    buf_free(&why);
}

static void drop(void)
{
    filter_program_free(&program);
}

static struct denials denials(void)
{
    const struct jail_start start = { .filter = &program };
    return denials_of(&start);
}

static struct seccomp_data a_call(int number, uint64_t a, uint64_t b, uint64_t c)
{
    return (struct seccomp_data){ .nr = number, .arch = OUR_ARCH, .args = { a, b, c } };
}

/* Every call with some arguments: what was an error is told with it, or stays; the rest is the guard's to say. */
START_TEST(each_call)
{
    static const uint64_t tried[][3] = { { 0, 0, 0 }, { 1, 1, 1 }, { 0x10000000, TIOCSTI, 06755 }, { AF_NETLINK, 3, 9 },
                                         { ~0UL, ~0UL, ~0UL }, { 40, 02755, 02755 } };
    struct denials d = denials();
    size_t n = denials_join(&d, guard, ELEMENTSOF(guard), first, both, ELEMENTSOF(both)), told = 0;
    ck_assert_uint_gt(n, program.n);
    ck_assert(filter_program_valid(both, n));
    for (int number = 0; number < 600; number++) {
        for (size_t i = 0; i < ELEMENTSOF(tried); i++) {
            struct seccomp_data data = a_call(number, tried[i][0], tried[i][1], tried[i][2]);
            struct denial denial = { 0 };
            uint32_t was = bpf_run(program.code, program.n, &data, NULL), is = bpf_run(both, n, &data, NULL);
            bool ours = denials_judge(&d, &data, &denial), own = number == SYS_execve || number == SYS_execveat;
            uint32_t error = was & SECCOMP_RET_DATA;
            if (was == SECCOMP_RET_ALLOW) {
                ck_assert(!ours);
                ck_assert_uint_eq(is, number == SYS_getppid ? GUARD_SAYS : SECCOMP_RET_ALLOW);
            } else if (error == ENOSYS || error == EINVAL || own) {
                ck_assert_uint_eq(is, was);
            } else {
                ck_assert_uint_eq(is, SECCOMP_RET_USER_NOTIF);
                ck_assert(ours);
                ck_assert_uint_eq((uint32_t)denial.error, error);
                told++;
            }
        }
    }
    ck_assert_uint_gt(told, 100);
}
END_TEST

START_TEST(by_which_argument)
{
    struct denials d = denials();
    struct denial denial;
    struct seccomp_data data = a_call(SYS_ioctl, 0, TIOCSTI, 0);
    ck_assert(denials_judge(&d, &data, &denial));
    ck_assert_int_eq(denial.error, EPERM);
    ck_assert_int_eq(denial.argument, 1);
    ck_assert_uint_eq(denial.value, TIOCSTI);
    data = a_call(SYS_mount, 1, 2, 3);
    ck_assert(denials_judge(&d, &data, &denial));
    ck_assert_int_eq(denial.argument, -1);
    data = a_call(SYS_socket, AF_VSOCK, SOCK_STREAM, 0);
    ck_assert(denials_judge(&d, &data, &denial));
    ck_assert_int_eq(denial.error, EAFNOSUPPORT);
    ck_assert_int_eq(denial.argument, 0);
    ck_assert_uint_eq(denial.value, AF_VSOCK);
}
END_TEST

/* One that denies nearly all, and logs. */
START_TEST(own_steps)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
    };
    struct denials d = { .code = code, .n = ELEMENTSOF(code) };
    size_t n = denials_join(&d, guard, ELEMENTSOF(guard), first, both, ELEMENTSOF(both));
    ck_assert(filter_program_valid(both, n));
    struct seccomp_data data = a_call(SYS_sendmsg, 0, 0, 0);
    ck_assert_uint_eq(bpf_run(both, n, &data, NULL), SECCOMP_RET_USER_NOTIF);
    data.args[3] = first[0];
    data.args[4] = first[1] + 1;
    ck_assert_uint_eq(bpf_run(both, n, &data, NULL), SECCOMP_RET_USER_NOTIF);
    data.args[4] = first[1];
    ck_assert_uint_eq(bpf_run(both, n, &data, NULL), SECCOMP_RET_ALLOW);
    data.nr = SYS_write; /* no other call is let pass by them */
    ck_assert_uint_eq(bpf_run(both, n, &data, NULL), SECCOMP_RET_USER_NOTIF);
    data.nr = SYS_execve;
    ck_assert_uint_eq(bpf_run(both, n, &data, NULL), SECCOMP_RET_ERRNO | EACCES);
    data.nr = SYS_getpid;
    ck_assert_uint_eq(bpf_run(both, n, &data, NULL), SECCOMP_RET_LOG);
    ck_assert_uint_eq(denials_join(&d, guard, ELEMENTSOF(guard), first, both, 20), 0); /* no room */
}
END_TEST

/* Each bit of the marks counts. */
START_TEST(marks)
{
    struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM) };
    struct denials d = { .code = code, .n = 1 };
    size_t n = denials_join(&d, guard, ELEMENTSOF(guard), first, both, ELEMENTSOF(both));
    for (unsigned bit = 0; bit < 128; bit++) {
        struct seccomp_data data = a_call(SYS_sendmsg, 0, 0, 0);
        data.args[3] = first[0];
        data.args[4] = first[1];
        data.args[3 + bit / 64] ^= 1UL << bit % 64;
        ck_assert_uint_eq(bpf_run(both, n, &data, NULL), SECCOMP_RET_USER_NOTIF);
    }
}
END_TEST

START_TEST(no_filter)
{
    const struct filter_program none = { 0 };
    const struct jail_start start = { .filter = &none };
    struct denials d = denials_of(&start);
    struct seccomp_data data = a_call(SYS_mount, 0, 0, 0);
    struct denial denial;
    ck_assert_ptr_null(d.code);
    ck_assert(!denials_judge(&d, &data, &denial));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("denials");
    TCase *c = tcase_create("denials");
    tcase_add_checked_fixture(c, load_default, drop);
    tcase_add_test(c, each_call);
    tcase_add_test(c, by_which_argument);
    tcase_add_test(c, own_steps);
    tcase_add_test(c, marks);
    tcase_add_test(c, no_filter);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
