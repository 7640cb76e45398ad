/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a unit test's main() does: int main(void) { return unit_run(suite()); } */
#ifndef AGENTJAIL_TESTS_UNIT_H
#define AGENTJAIL_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

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
