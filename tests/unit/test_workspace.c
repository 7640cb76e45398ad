/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which directory becomes the workspace, and which never does unless it is named. */
#include "profile_fixture.h"

/* Load with this current directory; the workspace is what is expected (NULL: none). */
static void check_default(const char *cwd, const char *want)
{
    fx.host.cwd = cwd;
    fx_ok("x");
    const char *got = fx.policy.workspace;
    ck_assert_msg(want ? got && strcmp(got, want) == 0 : !got, "in %s: %s, not %s", cwd, got ? got : "none",
                  want ? want : "none");
    ck_assert(fx.policy.workspace_default);
    if (!want) {
        ck_assert_ptr_nonnull(fx.policy.workspace_note);
        ck_assert(fx_noted(fx.policy.workspace_note));
        ck_assert_ptr_null(strchr(fx.policy.workspace_note, '\n'));
        ck_assert_uint_eq(fx_count(GRANT_WRITE), 0);
    }
}

static void make_repository(const char *dir)
{
    char below[PATH_MAX];
    snprintf(below, sizeof(below), "%s/.git/HEAD", dir);
    fx_file(below, "ref: refs/heads/main\n");
}

START_TEST(test_current_directory)
{
    check_default(fx_path("work/tree"), fx_path("work/tree"));
    const struct grant *g = fx_grant(GRANT_WRITE, fx_path("work/tree"));
    ck_assert_ptr_nonnull(g);
    ck_assert(!g->optional);
    ck_assert_ptr_eq(g, &fx.policy.grants[0]); /* first, so that a profile can make it read-only */
    ck_assert_ptr_null(fx.policy.workspace_note);
    ck_assert_ptr_null(fx.policy.workspace_origin.file);
}
END_TEST

START_TEST(test_git_toplevel)
{
    make_repository("work");
    fx_dir("work/tree/deep/er");
    check_default(fx_path("work/tree/deep/er"), fx_path("work"));
    check_default(fx_path("work"), fx_path("work"));
    make_repository("work/tree");
    check_default(fx_path("work/tree/deep/er"), fx_path("work/tree")); /* the innermost */

    fx_dir("work/tree/deep/.git"); /* no repository: no HEAD */
    check_default(fx_path("work/tree/deep/er"), fx_path("work/tree"));
}
END_TEST

START_TEST(test_gitfiles_point_back)
{
    char text[PATH_MAX];
    fx_dir("main/.git/worktrees/wt");
    fx_dir("wt/sub");
    snprintf(text, sizeof(text), "gitdir: %s\n", fx_path("main/.git/worktrees/wt"));
    fx_file("wt/.git", text);
    check_default(fx_path("wt/sub"), fx_path("wt/sub")); /* points nowhere back */

    snprintf(text, sizeof(text), "%s\n", fx_path("elsewhere/.git"));
    fx_file("main/.git/worktrees/wt/gitdir", text);
    check_default(fx_path("wt/sub"), fx_path("wt/sub")); /* points elsewhere */

    snprintf(text, sizeof(text), "%s\n", fx_path("wt/.git"));
    fx_file("main/.git/worktrees/wt/gitdir", text);
    check_default(fx_path("wt/sub"), fx_path("wt")); /* a worktree */
    ck_assert(fx_noted("main/.git/worktrees/wt, outside the workspace"));

    fx_dir("sup/.git/modules/m"); /* a submodule, relative both ways */
    make_repository("sup");
    fx_dir("sup/m/src");
    fx_file("sup/m/.git", "gitdir: ../.git/modules/m\n");
    check_default(fx_path("sup/m/src"), fx_path("sup")); /* not believed: the repository around it */
    fx_file("sup/.git/modules/m/config", "[core]\n\tbare = false\n\tworktree = ../../../other\n");
    check_default(fx_path("sup/m/src"), fx_path("sup"));
    fx_file("sup/.git/modules/m/config", "[x]\n\tworktree = ../../../m\n[core]\n\tworktree = ../../../m\n");
    check_default(fx_path("sup/m/src"), fx_path("sup/m"));
    fx_file("sup/.git/modules/m/config", "[x]\n\tworktree = ../../../m\n");
    check_default(fx_path("sup/m/src"), fx_path("sup"));

    fx_bytes(fx_path("wt/.git"), "gitdir: \0/x\n", 12);
    check_default(fx_path("wt/sub"), fx_path("wt/sub"));
    fx_file("wt/.git", "nonsense\n");
    check_default(fx_path("wt/sub"), fx_path("wt/sub"));
}
END_TEST

START_TEST(test_never_by_default)
{
    static const char *const never[] = { "/",          "/tmp", "/usr", "/etc",  "/etc/ssl",
                                         "/proc/self", "/dev", "/var", "/home", "/sys" };
    for (size_t i = 0; i < ELEMENTSOF(never); i++)
        check_default(never[i], NULL);
    check_default(fx_path("home"), NULL);
    ck_assert(fx_noted("it is the home directory"));
    check_default(fx.root, NULL);
    ck_assert(fx_noted("the home directory lies in it"));
    check_default(fx_path("etc"), NULL); /* above the configuration */
    ck_assert(fx_noted("agentjail's own files lie there"));
    fx_dir("home/.config/agentjail/profiles");
    check_default(fx_path("home/.config/agentjail/profiles"), NULL);
    check_default(fx_path("home/.config"), NULL);
    check_default(fx_path("home/.cache"), NULL);
    fx_dir("home/src");
    check_default(fx_path("home/src"), fx_path("home/src"));
}
END_TEST

/* A repository around it that may not be the workspace: the directory itself, if it may. */
START_TEST(test_repository_in_home)
{
    make_repository("home");
    fx_dir("home/src/x");
    check_default(fx_path("home/src/x"), fx_path("home/src/x"));
    check_default(fx_path("home"), NULL);
    make_repository("home/.config");
    fx_dir("home/.config/app");
    check_default(fx_path("home/.config/app"), fx_path("home/.config/app"));
}
END_TEST

START_TEST(test_another_users_repository)
{
    if (getuid() != 0)
        return; /* cannot make one */
    make_repository("work");
    check_default(fx_path("work/tree"), fx_path("work"));
    ck_assert_int_eq(chown(fx_path("work/.git"), 1, 1), 0);
    check_default(fx_path("work/tree"), fx_path("work/tree"));
    ck_assert_int_eq(chown(fx_path("work/.git"), 0, 0), 0);
    ck_assert_int_eq(chown(fx_path("work"), 1, 1), 0);
    check_default(fx_path("work/tree"), fx_path("work/tree"));
}
END_TEST

START_TEST(test_named)
{
    char option[PATH_MAX + 32];
    fx_ok("--workspace=..", "x");
    ck_assert_str_eq(fx.policy.workspace, fx_path("work"));
    ck_assert(!fx.policy.workspace_default);
    fx_ok("--workspace=~", "x"); /* named: anything that exists */
    ck_assert_str_eq(fx.policy.workspace, fx_path("home"));
    fx_ok("--workspace=/", "x");
    ck_assert_str_eq(fx.policy.workspace, "/");
    ck_assert_int_eq(symlink(fx_path("work"), fx_path("link")), 0);
    snprintf(option, sizeof(option), "--workspace=%s", fx_path("link/tree"));
    fx_ok(option, "x");
    ck_assert_str_eq(fx.policy.workspace, fx_path("work/tree")); /* resolved */

    fx_ok("--workspace=none", "x");
    ck_assert_ptr_null(fx.policy.workspace);
    ck_assert_ptr_null(fx.policy.workspace_note);
    ck_assert_uint_eq(fx.policy.n_grants, 0);
    fx_ok("--workspace=none", "--workspace=auto", "x");
    ck_assert_str_eq(fx.policy.workspace, fx_path("work/tree"));

    fx_file("work/file", "");
    fx_refused("is no directory; name one, or write --write=", "--workspace=../file", "x");
    fx_refused("cannot be the workspace: No such file", "--workspace=./missing", "x");
    fx_refused("the workspace cannot be named by itself", "--workspace=${WORKSPACE}/x", "x");
    fx_dir("home/.cache/agentjail/filters");
    fx_refused("belongs to agentjail itself", "--workspace=~/.cache/agentjail/filters", "x");
    ck_assert_int_eq(symlink(fx_path("home/.cache/agentjail"), fx_path("own")), 0);
    snprintf(option, sizeof(option), "--workspace=%s", fx_path("own"));
    fx_refused("belongs to agentjail itself", option, "x");
}
END_TEST

START_TEST(test_entries_without_workspace)
{
    fx_default(
        "[files]\nworkspace = none\nexec = ${WORKSPACE}\nread = ${WORKSPACE}/x\nhide = x\nprotect = -y\nread = /z\n"
        "[env]\nW = ${WORKSPACE}\n");
    fx_ok("x");
    ck_assert_uint_eq(fx.policy.n_grants, 1);
    ck_assert_str_eq(fx.policy.grants[0].path, "/z");
    ck_assert_ptr_null(fx_env("W"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("workspace");
    TCase *tc = fx_case(s, "workspace");
    tcase_add_test(tc, test_current_directory);
    tcase_add_test(tc, test_git_toplevel);
    tcase_add_test(tc, test_gitfiles_point_back);
    tcase_add_test(tc, test_never_by_default);
    tcase_add_test(tc, test_repository_in_home);
    tcase_add_test(tc, test_another_users_repository);
    tcase_add_test(tc, test_named);
    tcase_add_test(tc, test_entries_without_workspace);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
