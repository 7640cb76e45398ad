/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's capabilities go by libcap-ng, and are read back here from the kernel's own text. Who may not empty the bounding
 * set (an ordinary user) is told so. Check forks for each test: a process that has dropped its capabilities ends with it. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "caps_fixture.h"
#include "lockdown/caps.h"
#include "unit.h"

/* CapInh, CapPrm, CapEff, CapBnd and CapAmb of /proc/thread-self/status; "" where there is no /proc. */
static void sets(char *ret, size_t size)
{
    char line[256];
    size_t n = 0;
    ret[0] = '\0';
    FILE *f = fopen("/proc/thread-self/status", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "Cap", 3) == 0)
            n += (size_t)snprintf(ret + n, size - n, "%s", line);
    if (f)
        fclose(f);
}

static void raise_ambient(unsigned cap)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    ck_assert_int_eq(syscall(SYS_capget, &header, data), 0);
    data[cap / 32].inheritable |= 1U << cap % 32;
    ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
    ck_assert_int_eq(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)cap, 0, 0), 0);
}

static void is_empty_after(int (*drop)(void))
{
    char text[1024];
    if (!caps_may_drop()) {
        ck_assert_int_eq(drop(), -EPERM);
        return;
    }
    raise_ambient(CAP_SETPCAP);
    sets(text, sizeof(text));
    ck_assert(!text[0] || strstr(text, "CapAmb:\t0000000000000100\n"));
    ck_assert_int_eq(drop(), 0);
    ck_assert_uint_eq(caps_permitted(), 0);
    sets(text, sizeof(text));
    ck_assert(!text[0] || strcmp(text, "CapInh:\t0000000000000000\n" "CapPrm:\t0000000000000000\n" "CapEff:\t0000000000000000\n"
                                       "CapBnd:\t0000000000000000\n" "CapAmb:\t0000000000000000\n") == 0);
    for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
        ck_assert_int_le(prctl(PR_CAPBSET_READ, cap, 0, 0, 0), 0);
    ck_assert_int_lt(prctl(PR_SET_SECUREBITS, 0UL), 0);
}

START_TEST(payload)
{
    is_empty_after(caps_drop_payload);
}
END_TEST

START_TEST(own_processes)
{
    is_empty_after(caps_drop_all);
}
END_TEST

/* As in the payload, where the sets are those that another process of the same memory has left. */
START_TEST(after_another_process)
{
    pid_t pid = vfork();
    if (pid == 0)
        _exit(caps_drop_payload() == (caps_may_drop() ? 0 : -EPERM) ? 0 : 1);
    (void)pid;
    is_empty_after(caps_drop_payload);
}
END_TEST

START_TEST(descriptors_can_be_had_again)
{
    struct rlimit before, after;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    (void)caps_drop_payload();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &after), 0);
    ck_assert_uint_eq(after.rlim_cur, before.rlim_cur);
    ck_assert_uint_eq(after.rlim_max, before.rlim_max);
}
END_TEST

#define BIT(cap) (UINT64_C(1) << (cap))

START_TEST(bounding_set)
{
    const uint64_t keep = BIT(CAP_KILL) | BIT(CAP_SETPCAP);
    if (!caps_may_drop()) {
        /* Nothing that is to go is in there, or it is said that it stays. */
        bool left = false;
        for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
            left |= !(keep >> cap & 1) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0;
        ck_assert_int_eq(caps_bound(keep), left ? -EPERM : 0);
        return;
    }
    ck_assert_int_eq(caps_bound(keep), 0);
    for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
        ck_assert(prctl(PR_CAPBSET_READ, cap, 0, 0, 0) <= (int)(keep >> cap & 1));
    ck_assert_int_eq(caps_set(0), 0);
    ck_assert_int_eq(caps_bound(keep), 0);
    ck_assert_int_eq(caps_bound(keep & ~BIT(CAP_KILL)),
                     prctl(PR_CAPBSET_READ, (unsigned long)CAP_KILL, 0, 0, 0) > 0 ? -EPERM : 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("caps");
    TCase *c = tcase_create("drop");
    tcase_add_test(c, payload);
    tcase_add_test(c, own_processes);
    tcase_add_test(c, after_another_process);
    tcase_add_test(c, descriptors_can_be_had_again);
    tcase_add_test(c, bounding_set);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
