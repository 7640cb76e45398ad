/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits and labels as far as a process can set them on itself. Check forks for each test. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "lockdown/label.h"
#include "lockdown/rlimits.h"
#include "unit.h"

static rlim_t hard(int resource)
{
    struct rlimit l;
    ck_assert_int_eq(getrlimit(resource, &l), 0);
    ck_assert_uint_eq(l.rlim_cur, l.rlim_max);
    return l.rlim_max;
}

START_TEST(always_on)
{
    struct rlimit before, after;
    struct policy policy = { 0 };
    getrlimit(RLIMIT_NPROC, &before);
    ck_assert_int_eq(rlimits_apply(&policy), 0);
    ck_assert_uint_eq(hard(RLIMIT_CORE), 0);
    ck_assert_uint_eq(hard(RLIMIT_RTPRIO), 0);
    ck_assert_uint_eq(hard(RLIMIT_NICE), 0);
    getrlimit(RLIMIT_NPROC, &after);
    ck_assert_uint_eq(after.rlim_max, before.rlim_max);
}
END_TEST

START_TEST(processes)
{
    struct policy policy = { .processes = { .set = true, .value = 77 } };
    ck_assert_int_eq(rlimits_apply(&policy), 0);
    ck_assert_uint_eq(hard(RLIMIT_NPROC), 77);
    /* Never more than there was. */
    policy.processes.value = 100;
    ck_assert_int_eq(rlimits_apply(&policy), 0);
    ck_assert_uint_eq(hard(RLIMIT_NPROC), 77);
}
END_TEST

START_TEST(memory_and_cpu_have_no_stand_in)
{
    struct rlimit before[2], after[2];
    struct policy policy = { .memory = { .set = true, .value = 1 << 20 }, .cpu = { .set = true, .value = 5 } };
    getrlimit(RLIMIT_AS, &before[0]);
    getrlimit(RLIMIT_CPU, &before[1]);
    ck_assert_int_eq(rlimits_apply(&policy), 0);
    getrlimit(RLIMIT_AS, &after[0]);
    getrlimit(RLIMIT_CPU, &after[1]);
    ck_assert_int_eq(memcmp(before, after, sizeof(before)), 0);
}
END_TEST

START_TEST(label)
{
    struct policy policy = { 0 };
    ck_assert_int_eq(label_apply(&policy, LABEL_NONE), 0);
    /* No kernel has this profile; without the security module the request is refused as well. */
    policy.label.value = (char[]){ "agentjail-test-none" };
    ck_assert_int_lt(label_apply(&policy, LABEL_APPARMOR), 0);
    char name[LABEL_MAX + 1];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    policy.label.value = name;
    ck_assert_int_eq(label_apply(&policy, LABEL_APPARMOR), -ENAMETOOLONG);
    for (int error = 1; error < 40; error++)
        ck_assert_ptr_eq(strstr(label_error_text(-error), "the label "), label_error_text(error));
    ck_assert_ptr_nonnull(strstr(label_error_text(-ENOENT), "apparmor_parser"));
    ck_assert_ptr_nonnull(strstr(label_error_text(-ENOSYS), "aa-enforce"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("rlimits");
    TCase *c = tcase_create("apply");
    tcase_add_test(c, always_on);
    tcase_add_test(c, processes);
    tcase_add_test(c, memory_and_cpu_have_no_stand_in);
    tcase_add_test(c, label);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
