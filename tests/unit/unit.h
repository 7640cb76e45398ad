/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a unit test's main() does: int main(void) { return unit_run(suite()); } */
#ifndef AGENTJAIL_TESTS_UNIT_H
#define AGENTJAIL_TESTS_UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* A new directory of the test's own in ret, which holds size bytes. Below $TMPDIR: make check gives each test one, and fails
 * it for what is left there. */
static inline void unit_dir(char *ret, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    ck_assert_int_lt(snprintf(ret, size, "%s/unit-XXXXXX", tmp ? tmp : "/tmp"), (int)size);
    ck_assert_ptr_nonnull(mkdtemp(ret));
}

/* Run the suite, and own it; the exit status for main(). */
static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
