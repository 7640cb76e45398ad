/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose process 1 can be trusted to reap what is not its own. */
#include <stdio.h>

#include "monitor/orphans.h"
#include "unit.h"

/* A status file of a process with these. */
static bool heeded(const char *name, const char *blocked, const char *ignored, const char *caught)
{
    char text[512];
    snprintf(text, sizeof(text), "Name:\t%s\nUmask:\t0022\nState:\tS (sleeping)\nShdPnd:\t0000000000010000\nSigBlk:\t%s\n"
             "SigIgn:\t%s\nSigCgt:\t%s\nCapInh:\t0000000000010000\n", name, blocked, ignored, caught);
    return orphans_heeded(text);
}
#define NONE "0000000000000000"
#define CHLD "0000000000010000"

START_TEST(who_heeds_it)
{
    ck_assert(heeded("bash", NONE, NONE, CHLD));
    ck_assert(heeded("systemd", "7be3c0fe28014a03", NONE, NONE)); /* signalfd */
    ck_assert(heeded("tini", "fffffffe7ff9f8e7", NONE, NONE));
    ck_assert(heeded("any", NONE, CHLD, NONE));
}
END_TEST

START_TEST(who_does_not)
{
    ck_assert(!heeded("sleep", NONE, NONE, NONE));
    ck_assert(!heeded("python3", NONE, "0000000001001000", "0000000000000002"));
    ck_assert(!heeded("any", "000000000000ffff", "fffffffffffeffff", "000000000002ffff")); /* its neighbours */
}
END_TEST

START_TEST(who_does_for_its_own)
{
    ck_assert(!heeded("node", NONE, NONE, CHLD));
    ck_assert(heeded("nodes", NONE, NONE, CHLD));
    ck_assert(heeded("a node", NONE, NONE, CHLD));
}
END_TEST

START_TEST(what_cannot_be_read)
{
    ck_assert(!orphans_heeded(""));
    ck_assert(!orphans_heeded("Name:\tsh"));
    ck_assert(!orphans_heeded("\n\nSigCgt:\t"));
    ck_assert(!heeded("SigCgt:\tffffffffffffffff", NONE, NONE, NONE));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("orphans");
    TCase *tc = tcase_create("orphans");
    tcase_add_test(tc, who_heeds_it);
    tcase_add_test(tc, who_does_not);
    tcase_add_test(tc, who_does_for_its_own);
    tcase_add_test(tc, what_cannot_be_read);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
