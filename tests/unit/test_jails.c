/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the registry and /proc: entries gone wrong, ids, trees of processes. */
#include <string.h>

#include "registry/jails.h"
#include "registry/processes.h"
#include "unit.h"

static int parse(const char *text, struct jail *ret)
{
    return jail_parse(strdup(text), ret);
}

#define WHOLE "state=running \nmonitor=10\ninit=11\nborn=1000-1020\nstart=1700000000\n"

START_TEST(an_entry_is_read)
{
    struct jail jail;
    ck_assert_int_eq(parse(WHOLE "command=sh -c a\\012b\\134\nprofile=p\nnetwork=none\nworkspace=/w\ncgroup=\nlater=1\n",
                           &jail),
                     0);
    ck_assert_int_eq(jail.monitor, 10);
    ck_assert_int_eq(jail.init, 11);
    ck_assert_int_eq(jail.born[0], 1000);
    ck_assert_int_eq(jail.born[1], 1020);
    ck_assert_int_eq(jail.start, 1700000000);
    ck_assert_int_eq(jail.state, JAIL_RUNNING);
    ck_assert_str_eq(jail.command, "sh -c a\nb\\");
    ck_assert_str_eq(jail.profile, "p");
    ck_assert_str_eq(jail.workspace, "/w");
    ck_assert_str_eq(jail.cgroup, "");
    free(jail.text);
    ck_assert_int_eq(parse("state=frozen  \nmonitor=1\ninit=2\nborn=1-2\n", &jail), 0);
    ck_assert_int_eq(jail.state, JAIL_FROZEN);
    ck_assert_str_eq(jail.command, "");
    free(jail.text);
}
END_TEST

START_TEST(what_is_no_entry_is_refused)
{
    static const char *const bad[] = {
        "",
        "nothing",
        "monitor=10\n",
        "monitor=0\ninit=11\nborn=1-2\n",
        "monitor=-1\ninit=11\nborn=1-2\n",
        "monitor=99999999999\ninit=11\nborn=1-2\n",
        "monitor=10\ninit=11x\nborn=1-2\n",
        "monitor=10\ninit=11\nborn=12\n",
        "monitor=10\ninit=11\nborn=1-99999999999999999999\n",
        "monitor=10\ninit=11\nborn=1-2\nstate=odd\n",
        "monitor=10\ninit=11\nborn=1-2\nno equals sign\n",
    };
    struct jail jail = { .monitor = 77 };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        ck_assert_msg(parse(bad[i], &jail) == -EINVAL, "entry %zu", i);
    ck_assert_int_eq(jail.monitor, 77);
}
END_TEST

static void picked(const char *name, const char *id, const char *message)
{
    struct jail v[] = { { .id = "ab12" }, { .id = "ab34" }, { .id = "cd56" } };
    struct jails list = { .v = v, .n = ELEMENTSOF(v) };
    struct buf why = { 0 };
    const struct jail *jail = jails_pick(&list, name, &why);
    if (id) {
        ck_assert_ptr_nonnull(jail);
        ck_assert_str_eq(jail->id, id);
    } else {
        ck_assert_ptr_null(jail);
        ck_assert_str_eq(why.data, message);
    }
    buf_free(&why);
}

START_TEST(ids_and_their_beginnings)
{
    picked("ab12", "ab12", NULL);
    picked("c", "cd56", NULL);
    picked("ab", NULL, "ab: more than one jail begins so: ab12, ab34");
    picked("ab123", NULL, "no jail ab123; running are: ab12, ab34, cd56");
    picked("", NULL, "no jail ; running are: ab12, ab34, cd56");
    struct jails none = { 0 };
    struct buf why = { 0 };
    ck_assert_ptr_null(jails_pick(&none, "ab", &why));
    ck_assert_str_eq(why.data, "no jail ab; none is running");
    buf_free(&why);
}
END_TEST

START_TEST(stat_of_a_process)
{
    struct process p;
    ck_assert_int_eq(process_parse("42 (a) S 1) R 7 42 42 0 -1 4194560 1 2 3 4 50 60 0 0 20 0 1 0 12345 99 3 "
                                   "18446744073709551615",
                                   &p),
                     0);
    ck_assert_int_eq(p.pid, 42);
    ck_assert_int_eq(p.parent, 7);
    ck_assert_int_eq(p.state, 'R');
    ck_assert_uint_eq(p.cpu, 110);
    ck_assert_uint_eq(p.start, 12345);
    ck_assert_uint_eq(p.memory, 3 * (uint64_t)sysconf(_SC_PAGESIZE));
    static const char *const bad[] = { "", "x", "42", "42 (a", "42 (a)", "42 (a) ", "42 (a) S", "0 (a) S 1 ", "(a) S 1 " };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        ck_assert_msg(process_parse(bad[i], &p) == -EINVAL, "stat %zu", i);
    ck_assert_int_eq(process_read(getpid(), &p), 0);
    ck_assert_int_eq(p.parent, getppid());
    pid_t inside;
    uid_t uid;
    ck_assert_int_eq(process_status(getpid(), &uid, &inside), 0);
    ck_assert_uint_eq(uid, getuid());
    ck_assert_int_eq(process_read(0x3fffffff, &p), -ESRCH);
}
END_TEST

START_TEST(trees_of_processes)
{
    struct process v[] = {
        { .pid = 1, .parent = 0 },  { .pid = 5, .parent = 1 },  { .pid = 6, .parent = 5 },   { .pid = 7, .parent = 6 },
        { .pid = 8, .parent = 1 },  { .pid = 9, .parent = 12 }, { .pid = 12, .parent = 7 },  { .pid = 20, .parent = 21 },
        { .pid = 21, .parent = 20 }, { .pid = 30, .parent = 99 },
    };
    struct processes list = { .v = v, .n = ELEMENTSOF(v) };
    const pid_t roots[] = { 6, 8, 77, 12 };
    processes_assign(&list, roots, ELEMENTSOF(roots));
    static const size_t want[] = {
        PROCESS_NO_ROOT, PROCESS_NO_ROOT, 0, 0, 1, 3, 3, PROCESS_NO_ROOT, PROCESS_NO_ROOT, PROCESS_NO_ROOT,
    };
    for (size_t i = 0; i < ELEMENTSOF(v); i++)
        ck_assert_msg(v[i].root == want[i], "pid %d", v[i].pid);
    ck_assert_ptr_null(processes_find(&list, 2));
    ck_assert_ptr_eq(processes_find(&list, 12), &v[6]);
}
END_TEST

START_TEST(this_host)
{
    struct processes list;
    ck_assert_int_eq(processes_load(&list), 0);
    const pid_t root = getpid();
    processes_assign(&list, &root, 1);
    ck_assert_ptr_nonnull(processes_find(&list, root));
    ck_assert_uint_eq(processes_find(&list, root)->root, 0);
    processes_free(&list);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("jails");
    TCase *tc = tcase_create("reading");
    tcase_add_test(tc, an_entry_is_read);
    tcase_add_test(tc, what_is_no_entry_is_refused);
    tcase_add_test(tc, ids_and_their_beginnings);
    tcase_add_test(tc, stat_of_a_process);
    tcase_add_test(tc, trees_of_processes);
    tcase_add_test(tc, this_host);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
