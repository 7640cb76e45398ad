/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Symlinks that a command leaves in a git directory of the test's own. */
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "home/git_links.h"
#include "unit.h"

static char top[128];
static struct grant grant;
static struct policy policy;
static struct git_links links;
static struct git_notes notes;

/* Wait until the clock of starts, which ticks every few milliseconds, is past what has been made: change times may be finer. */
static void tick(void)
{
    struct timespec then, now;
    clock_gettime(CLOCK_REALTIME, &then);
    do
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    while (now.tv_sec < then.tv_sec || (now.tv_sec == then.tv_sec && now.tv_nsec <= then.tv_nsec));
}

static void set_up(void)
{
    unit_dir(top, sizeof(top));
    ck_assert_int_eq(chdir(top), 0);
    ck_assert_int_eq(mkdir(".git", 0700), 0);
    ck_assert_int_eq(mkdir(".git/logs", 0700), 0);
    ck_assert_int_eq(mkdir(".git/kept", 0700), 0);
    ck_assert_int_eq(mkdir("made", 0700), 0);
    ck_assert_int_eq(symlink("../there", ".git/old"), 0);
    ck_assert_int_eq(symlink("../there", ".git/kept/old"), 0);
    ck_assert_int_eq(symlink("/etc/passwd", "made/HEAD"), 0);
    tick();
    grant = (struct grant){ .kind = GRANT_WRITE, .path = top };
    policy = (struct policy){ .workspace = top, .grants = &grant, .n_grants = 1 };
}

static void tear_down(void)
{
    char command[160];
    git_links_free(&links);
    git_notes_free(&notes);
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0); /* NOLINT: a directory of the test's own */
}

static bool is_link(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* A new one and one that says something else go, one that was there stays. */
START_TEST(new_ones_go)
{
    ck_assert_int_eq(symlink("here", ".git/changed"), 0);
    tick();
    ck_assert_int_eq(git_links_note(&policy, &links), 0);
    ck_assert_int_eq(symlink("/etc/passwd", ".git/logs/HEAD"), 0);
    ck_assert_int_eq(unlink(".git/changed"), 0);
    ck_assert_int_eq(symlink("elsewhere", ".git/changed"), 0);
    git_links_remove_new(&links, &notes);
    ck_assert(!is_link(".git/logs/HEAD"));
    ck_assert(!is_link(".git/changed"));
    ck_assert(is_link(".git/old"));
    ck_assert(is_link(".git/kept/old"));
    ck_assert_uint_eq(notes.told.n, 2);
    ck_assert_uint_eq(notes.warnings.n, 0);
}
END_TEST

/* An old one comes by a name of its own, or in a directory. */
START_TEST(brought_in)
{
    ck_assert_int_eq(git_links_note(&policy, &links), 0);
    ck_assert_int_eq(_i == 0   ? link("made/HEAD", ".git/logs/HEAD")
                     : _i == 1 ? rename("made/HEAD", ".git/logs/HEAD")
                     : _i == 2 ? rename("made", ".git/logs")
                               : rename(".git", "git2") | rename("made", ".git"), 0);
    git_links_remove_new(&links, &notes);
    ck_assert(!is_link(_i < 3 ? ".git/logs/HEAD" : ".git/HEAD"));
    ck_assert_uint_eq(notes.told.n, 1);
}
END_TEST

/* Where times prove nothing all are told, and none is removed. */
START_TEST(times_prove_nothing)
{
    ck_assert_int_eq(git_links_note(&policy, &links), 0);
    ck_assert(links.dirs[0].timed);
    links.dirs[0].timed = _i == 0;
    links.steady.tv_sec -= _i == 0 ? 3600 : 0; /* an hour has passed, says one clock only */
    git_links_remove_new(&links, &notes);
    ck_assert(is_link(".git/old"));
    ck_assert_uint_eq(notes.told.n, 0);
    ck_assert_uint_eq(notes.warnings.n, 2);
}
END_TEST

/* Who may not write the directory leaves nothing there. */
START_TEST(not_the_payloads)
{
    policy.n_grants = 0;
    ck_assert_int_eq(git_links_note(&policy, &links), 0);
    ck_assert_uint_eq(links.n_dirs, 0);
}
END_TEST

/* More entries than are looked at: a warning. */
START_TEST(too_many_after)
{
    links.most = 8;
    ck_assert_int_eq(git_links_note(&policy, &links), 0);
    for (char name[] = ".git/a"; name[5] < 'a' + 10; name[5]++)
        ck_assert_int_eq(mkdir(name, 0700), 0);
    git_links_remove_new(&links, &notes);
    ck_assert_uint_eq(notes.warnings.n, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("git_links");
    TCase *t = tcase_create("git_links");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, new_ones_go);
    tcase_add_loop_test(t, brought_in, 0, 4);
    tcase_add_loop_test(t, times_prove_nothing, 0, 2);
    tcase_add_test(t, not_the_payloads);
    tcase_add_test(t, too_many_after);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
