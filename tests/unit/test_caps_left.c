/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A libcap-ng that says it has done what it has not: what the payload was to lose is read back. These functions are taken in
 * place of the library's. Without capabilities (an ordinary user) it does not come to that. */
#include <cap-ng.h>

#include "caps_fixture.h"
#include "lockdown/caps.h"
#include "unit.h"

enum { DOES_NOTHING, LEAVES_BOUNDING, LEAVES_LAST, LEAVES_PERMITTED, DOES_ALL, KINDS };

static int kind;

void capng_clear(capng_select_t set)
{
    (void)set;
}

void capng_setpid(int pid)
{
    (void)pid;
}

int capng_apply(capng_select_t set)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };
    (void)set;
    if (kind == DOES_NOTHING)
        return 0;
    unsigned long left = kind == LEAVES_LAST ? 1 : 0;
    for (unsigned long cap = 0; kind != LEAVES_BOUNDING; cap++)
        if (prctl(PR_CAPBSET_READ, cap + left, 0, 0, 0) < 0 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            break;
    return kind == LEAVES_PERMITTED ? 0 : (int)syscall(SYS_capset, &header, none);
}

START_TEST(is_read_back)
{
    kind = _i;
    bool may = caps_may_drop();
    ck_assert_int_eq(caps_drop_payload(), may && kind == DOES_ALL ? 0 : -EPERM);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("caps_left");
    TCase *c = tcase_create("left");
    tcase_add_loop_test(c, is_read_back, 0, KINDS);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
