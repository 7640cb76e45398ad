/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk for changed files, over a tree of its own. "Changed" is what comes after a moment that the test sets. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "home/changes.h"
#include "unit.h"

/* Time enough on a machine that is busy with other things. */
#define AMPLE ((struct changes_limits){ .entries = 500000, .ms = 60000 })

static char top[128];
static struct plan plan;
static int64_t since;

static void make(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Everything up to here is old: a change of times is stamped by a clock that lags, so let it go by. */
static void begin(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    since = now_ns();
}

static void set_up(void)
{
    unit_dir(top, sizeof(top));
    ck_assert_int_eq(chdir(top), 0);
    ck_assert_int_eq(mkdir("ws", 0700) | mkdir("ws/sub", 0700) | mkdir("ws/.git", 0700) | mkdir("ws/.git/objects", 0700) |
                         mkdir("out", 0700),
                     0);
    make("ws/old");
    make("out/old");
    char path[160];
    snprintf(path, sizeof(path), "%s/ws", top);
    ck_assert_ptr_nonnull(plan_add(&plan, OP_BIND, path, path));
    begin();
}

static void tear_down(void)
{
    char command[160];
    plan_free(&plan);
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0); /* NOLINT: a directory of the test's own */
}

static void expect(const char *want, struct changes_limits limits)
{
    struct buf out = { 0 };
    char workspace[160];
    snprintf(workspace, sizeof(workspace), "%s/ws", top);
    ck_assert_int_eq(changes_print(&plan, workspace, since, limits, &out), 0);
    ck_assert_str_eq(out.data ? out.data : "", want);
    buf_free(&out);
}

START_TEST(nothing_changed_says_nothing)
{
    expect("", AMPLE);
}
END_TEST

START_TEST(files_and_links_but_no_directories)
{
    ck_assert_int_eq(mkdir("ws/sub/new", 0700), 0);
    make("ws/sub/new/a\033\n\377");
    expect("1 file changed: sub/new/a\\033\\012\\377\n", AMPLE);
}
END_TEST

START_TEST(links_are_not_followed)
{
    make("out/new");
    ck_assert_int_eq(symlink("../out", "ws/link"), 0);
    expect("1 file changed: link\n", AMPLE);
}
END_TEST

START_TEST(heaps_count_as_one)
{
    for (int i = 0; i < 30; i++) {
        char name[64];
        snprintf(name, sizeof(name), "ws/.git/objects/%d", i);
        make(name);
    }
    expect("30 files changed: .git/ (30)\n", AMPLE);
}
END_TEST

START_TEST(the_first_names_are_shown)
{
    struct buf out = { 0 };
    for (int i = 0; i < 20; i++) {
        char name[64];
        snprintf(name, sizeof(name), "ws/sub/%d", i);
        make(name);
    }
    ck_assert_int_eq(changes_print(&plan, NULL, since, AMPLE, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.data, "20 files changed: "));
    ck_assert_ptr_nonnull(strstr(out.data, " and 12 more\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "/ws/sub/")); /* whole paths without a workspace */
    buf_free(&out);
}
END_TEST

START_TEST(removals_are_told_by_their_directory)
{
    ck_assert_int_eq(unlink("ws/old"), 0);
    make("ws/sub/new"); /* in a directory that is not: no reason for the other's change */
    expect("1 file changed: sub/new\nsomething was removed from: .\n", AMPLE);
}
END_TEST

START_TEST(removals_below_and_moves)
{
    ck_assert_int_eq(mkdir("ws/a", 0700) | mkdir("ws/a/gone", 0700) | mkdir("ws/b", 0700) | mkdir("ws/b/moved", 0700), 0);
    make("ws/.git/lock");
    begin();
    ck_assert_int_eq(rmdir("ws/a/gone") | rename("ws/b/moved", "ws/sub/moved") | unlink("ws/.git/lock"), 0);
    struct buf out = { 0 };
    ck_assert_int_eq(changes_print(&plan, NULL, since, AMPLE, &out), 0);
    ck_assert(strncmp(out.data, "something was removed from: ", 28) == 0);
    ck_assert_ptr_nonnull(strstr(out.data, "/ws/a"));
    ck_assert_ptr_nonnull(strstr(out.data, "/ws/b"));
    ck_assert_ptr_null(strstr(out.data, "sub")); /* something came there */
    ck_assert_ptr_null(strstr(out.data, ".git"));
    buf_free(&out);
}
END_TEST

START_TEST(limits_end_the_walk)
{
    for (int i = 0; i < 20; i++) {
        char name[64];
        snprintf(name, sizeof(name), "ws/%d", i);
        make(name);
    }
    struct buf out = { 0 };
    ck_assert_int_eq(changes_print(&plan, NULL, since, (struct changes_limits){ .entries = 10, .ms = 10000 }, &out), 0);
    ck_assert(strncmp(out.data, "at least ", 9) == 0);
    buf_free(&out);
    expect("", (struct changes_limits){ .entries = 0, .ms = 0 });
}
END_TEST

START_TEST(only_writable_trees_of_the_hosts)
{
    make("ws/new");
    plan.ops[0].flags = OP_READ_ONLY;
    expect("", AMPLE);
    plan.ops[0].flags = OP_OWN;
    expect("", AMPLE);
    plan.ops[0].flags = 0;
    char path[160];
    snprintf(path, sizeof(path), "%s/ws/sub", top);
    ck_assert_ptr_nonnull(plan_add(&plan, OP_BIND, path, path)); /* inside the other: counted once */
    make("ws/sub/new");
    struct buf out = { 0 };
    ck_assert_int_eq(changes_print(&plan, NULL, since, AMPLE, &out), 0);
    ck_assert(strncmp(out.data, "2 files", 7) == 0);
    buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("changes");
    TCase *tc = tcase_create("walk");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, nothing_changed_says_nothing);
    tcase_add_test(tc, files_and_links_but_no_directories);
    tcase_add_test(tc, links_are_not_followed);
    tcase_add_test(tc, heaps_count_as_one);
    tcase_add_test(tc, the_first_names_are_shown);
    tcase_add_test(tc, removals_are_told_by_their_directory);
    tcase_add_test(tc, removals_below_and_moves);
    tcase_add_test(tc, limits_end_the_walk);
    tcase_add_test(tc, only_writable_trees_of_the_hosts);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
