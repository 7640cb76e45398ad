/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git inside: which settings go in, which changes come back, what is protected. */
#include "profile_fixture.h"

#include "base/git_config.h"
#include "home/git_keep.h"
#include "plan/git_identity.h"

/* --- the file format --- */

static const char sample[] = "# top\n[core]\n\tbare = false ; c\n[remote \"a\\\"b\"]\n\turl = \"x # y\" z\n[branch.Old]\n"
                             "\tmerge=refs/heads/x\n[empty]\n\tkey\n";

START_TEST(test_parse)
{
    _cleanup_git_config_ struct git_config c = { 0 };
    ck_assert_int_eq(git_config_parse(sample, strlen(sample), &c), 0);
    ck_assert_uint_eq(c.n, 8);
    ck_assert_str_eq(c.v[1].key, "bare");
    ck_assert_str_eq(c.v[1].value, "false");
    ck_assert_str_eq(c.v[3].subsection, "a\"b");
    ck_assert_str_eq(c.v[3].value, "x # y z");
    ck_assert_str_eq(c.v[5].subsection, "old");
    ck_assert_ptr_null(c.v[7].value);
    static const char *const bad[] = { "[a", "[a]\nb c", "[a]\nb = \"c\n", "x = y", "[a \"b]", "[a]\nb = \\q", "[a]\nb=c\\\n",
                                       "[a]\n[b]c\rd\n", "[]\n", "[a]\n1=2" };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        struct git_config none = { 0 };
        ck_assert_msg(git_config_parse(bad[i], strlen(bad[i]), &none) == -EINVAL, "taken: %s", bad[i]);
    }
}
END_TEST

START_TEST(test_replace)
{
    struct git_entry name = { .section = (char *)"branch", .subsection = (char *)"new", .key = (char *)"remote" };
    struct git_entry value = name;
    value.value = (char *)"a; \"b\"";
    const struct git_entry *values[] = { &value };
    _cleanup_buf_ struct buf once = { 0 }, twice = { 0 }, gone = { 0 };
    ck_assert_int_eq(git_config_replace(sample, strlen(sample), &name, values, 1, &once), 0);
    ck_assert_ptr_nonnull(strstr(once.data, "[branch \"new\"]\n\tremote = \"a; \\\"b\\\"\"\n"));
    ck_assert_int_eq(strncmp(once.data, sample, strlen(sample)), 0);
    ck_assert_int_eq(git_config_replace(once.data, once.len, &name, values, 1, &twice), 0);
    ck_assert_str_eq(twice.data, once.data);
    ck_assert_int_eq(git_config_replace(once.data, once.len, &name, values, 0, &gone), 0);
    ck_assert_ptr_null(strstr(gone.data, "new"));
}
END_TEST

/* --- what comes back --- */

static bool local_is_safe(const void *data, const char *path)
{
    (void)data;
    return strncmp(path, "/srv/", 5) == 0;
}

static const char base[] = "[remote \"origin\"]\n\turl = https://good/x\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
                           "[branch \"main\"]\n\tremote = origin\n\tmerge = refs/heads/main\n";

/* What is appended to the copy, and whether the host's file gets it. */
START_TEST(test_keep_additions)
{
    static const struct {
        const char *text;
        bool kept;
    } samples[] = {
        { "[branch \"t\"]\nremote = origin\n", true },
        { "[branch \"t\"]\nmerge = refs/heads/t\n", true },
        { "[branch \"t\"]\nrebase = true\n", true },
        { "[branch \"t\"]\nremote = ext::sh\n", false },
        { "[branch \"t\"]\nremote = -x\n", false },
        { "[branch \"t\"]\nremote = https://evil/x\n", false },
        { "[branch \"t\"]\nmerge = --upload-pack=x\n", false },
        { "[branch \"t\"]\nmergeoptions = -s evil\n", false },
        { "[branch \"-t\"]\nremote = origin\n", false },
        { "[branch \"a\\\"]\\n\"]\nremote = origin\n", false },
        { "[remote \"f\"]\nurl = https://h/x\n", true },
        { "[remote \"f\"]\nurl = ssh://git@h:22/x\n", true },
        { "[remote \"f\"]\nurl = git@h:a/b.git\n", true },
        { "[remote \"f\"]\nurl = h:b\n", true },
        { "[remote \"f\"]\nurl = /srv/x\n", true },
        { "[remote \"f\"]\nurl = file:///srv/x\n", true },
        { "[remote \"f\"]\nurl = /ws/x\n", false },
        { "[remote \"f\"]\nurl = ../x\n", false },
        { "[remote \"f\"]\nurl = file:///ws/x\n", false },
        { "[remote \"f\"]\nurl = ext::sh -c evil\n", false },
        { "[remote \"f\"]\nurl = fd::7\n", false },
        { "[remote \"f\"]\nurl = -oProxyCommand=x:y\n", false },
        { "[remote \"f\"]\nurl = ssh://-oProxyCommand=x/y\n", false },
        { "[remote \"f\"]\nurl = ssh://a@-oProxyCommand=x/y\n", false },
        { "[remote \"f\"]\nurl = h:-x\n", false },
        { "[remote \"f\"]\nurl = foo://h/x\n", false },
        { "[remote \"f\"]\nurl = https://h/x\\nfoo\n", false },
        { "[remote \"f\"]\nfetch = +refs/heads/*:refs/remotes/f/*\n", true },
        { "[remote \"f\"]\nfetch = +refs/heads/*:refs/heads/*\n", false },
        { "[remote \"f\"]\nfetch = +refs/heads/*:refs/remotes/origin/*\n", false },
        { "[remote \"f\"]\nfetch = +refs/heads/*:refs/remotes/fx/*\n", false },
        { "[remote \"f\"]\nfetch = refs/tags/*:refs/tags/*\n", true },
        { "[remote \"f\"]\nfetch = +refs/tags/*:refs/tags/*\n", false },
        { "[branch \"f\"]\ndescription = two\\nlines\n", true },
        { "[branch \"f\"]\ndescription = \033]0;title\n", false },
        { "[remote \"f\"]\nuploadpack = evil\n", false },
        { "[remote \"f\"]\nreceivepack = evil\n", false },
        { "[remote \"f\"]\nvcs = evil\n", false },
        { "[remote \"f\"]\nproxy = http://evil\n", false },
        { "[remote \"-f\"]\nurl = https://h/x\n", false },
        { "[remote \"origin\"]\npushurl = https://evil/x\n", false },
        { "[remote \"origin\"]\nurl = https://evil/x\n", false },
        { "[branch \"main\"]\nremote = evil\n", false },
        { "[branch \"main\"]\npushremote = evil\n", true }, /* it followed none; the name is told */
        { "[user]\nname = Me\n", true },
        { "[user]\nsigningkey = x\n", false },
        { "[submodule \"m\"]\nurl = https://h/x\n", true },
        { "[submodule \"m\"]\nactive = true\n", true },
        { "[submodule \"m\"]\nupdate = checkout\n", true },
        { "[submodule \"m\"]\nupdate = !evil\n", false },
        { "[submodule \"../m\"]\nactive = true\n", false },
        { "[lfs]\nrepositoryformatversion = 0\n", true },
        { "[lfs \"https://h\"]\naccess = basic\n", true },
        { "[lfs]\nurl = https://evil\n", false },
        { "[core]\nfsmonitor = evil\n", false },
        { "[core]\nhookspath = x\n", false },
        { "[core]\nworktree = /\n", false },
        { "[core]\nsshcommand = evil\n", false },
        { "[include]\npath = x\n", false },
        { "[includeif \"gitdir:/\"]\npath = x\n", false },
        { "[alias]\nst = !evil\n", false },
        { "[filter \"x\"]\nclean = evil\n", false },
        { "[diff \"x\"]\ntextconv = evil\n", false },
        { "[credential]\nhelper = evil\n", false },
        { "[url \"https://evil\"]\ninsteadof = https://good\n", false },
        { "[extensions]\nworktreeconfig = true\n", false },
        { "[protocol \"ext\"]\nallow = always\n", false },
        { "[gpg]\nprogram = evil\n", false },
        { "[http]\nproxy = evil\n", false },
        { "[safe]\ndirectory = *\n", false },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        _cleanup_buf_ struct buf copy = { 0 }, text = { 0 }, kept = { 0 }, dropped = { 0 };
        ck_assert_int_ge(buf_printf(&copy, "%s%s", base, samples[i].text), 0);
        struct git_keep keep = { .base = base, .copy = copy.data, .host = base, .local_is_safe = local_is_safe };
        ck_assert_int_eq(git_keep(&keep, &text, &kept, &dropped), 0);
        ck_assert_msg(!!text.len == samples[i].kept && !!kept.len == samples[i].kept && !kept.len == !!dropped.len,
                      "%s\n  kept: %s; dropped: %s; %s", samples[i].text, kept.data ? kept.data : "",
                      dropped.data ? dropped.data : "", text.data ? text.data : "");
    }
}
END_TEST

static void keeps(const char *copy, const char *host, const char *want)
{
    _cleanup_buf_ struct buf text = { 0 }, kept = { 0 }, dropped = { 0 };
    struct git_keep keep = { .base = base, .copy = copy, .host = host, .local_is_safe = local_is_safe };
    ck_assert_int_eq(git_keep(&keep, &text, &kept, &dropped), 0);
    ck_assert_str_eq(text.data ? text.data : "", want);
}

START_TEST(test_keep_changes)
{
    static const char own[] = "# mine\n";
    keeps("", base, ""); /* everything gone */
    char host[1024], want[1024];
    snprintf(host, sizeof(host), "%s%s[branch \"x\"]\n\tremote = a\n", own, base);
    snprintf(want, sizeof(want), "%s%s[branch \"x\"]\n\tremote = a\n[branch \"t\"]\n\tremote = origin\n", own, base);
    char copy[1024];
    snprintf(copy, sizeof(copy), "%s[branch \"t\"]\n\tremote = origin\n", base);
    keeps(copy, host, want);
    /* the user has set it meanwhile */
    snprintf(copy, sizeof(copy), "%s[branch \"x\"]\n\tremote = origin\n", base);
    keeps(copy, host, "");
    /* a remote under another name, its branch with it */
    keeps("[remote \"up\"]\n\turl = https://good/x\n[branch \"main\"]\n\tremote = up\n\tmerge = refs/heads/main\n", base,
          "[branch \"main\"]\n\tmerge = refs/heads/main\n\tremote = up\n[remote \"up\"]\n\turl = https://good/x\n");
    struct buf none = { 0 };
    struct git_keep bad = { .base = base, .copy = "[a", .host = base, .local_is_safe = local_is_safe };
    ck_assert_int_eq(git_keep(&bad, &none, &none, &none), -EINVAL);
}
END_TEST

/* --- what goes in --- */

START_TEST(test_identity)
{
    fx_file("home/.gitconfig", "[user]\n\tname = A \"B\"\n\temail = a@x\n\tsigningkey = K\n[alias]\n\tst = status -s\n"
                               "\tbad = !evil\n\tbad2 = \" !evil\"\n[core]\n\tpager = evil\n"
                               "\tautocrlf = input\n\thooksPath = /h\n"
                               "[credential]\n\thelper = store\n[commit]\n\tgpgsign = true\n[include]\n\tpath = extra\n"
                               "[includeIf \"gitdir:~/work/\"]\n\tpath = ~/work.inc\n[includeIf \"gitdir:~/other/\"]\n"
                               "\tpath = ~/other.inc\n[url \"git@github.com:\"]\n\tinsteadOf = gh:\n"
                               "[url \"https://u:secret@h/\"]\n\tinsteadOf = h:\n[filter \"lfs\"]\n\tclean = evil\n"
                               "[http]\n\textraHeader = secret\n");
    fx_file("home/extra", "[pull]\n\trebase = true\n[include]\n\tpath = extra\n");
    fx_file("home/work.inc", "[user]\n\temail = a@work\n");
    fx_file("home/other.inc", "[user]\n\temail = a@other\n");
    const char *files[] = { fx_path("none"), fx_path("home/.gitconfig"), NULL };
    _cleanup_buf_ struct buf text = { 0 };
    ck_assert_int_eq(git_identity_text(files, fx_path("home/work/repo/.git/"), fx_path("home"), &text), 0);
    static const char *const has[] = { "name = A B", "email = a@work", "st = status -s", "autocrlf = input",
                                       "rebase = true", "insteadof = gh:", "process = git-lfs filter-process" };
    static const char *const lacks[] = { "evil", "secret", "K\n", "helper", "gpgsign", "/h", "a@other", "path" };
    for (size_t i = 0; i < ELEMENTSOF(has); i++)
        ck_assert_msg(strstr(text.data, has[i]), "no %s in\n%s", has[i], text.data);
    for (size_t i = 0; i < ELEMENTSOF(lacks); i++)
        ck_assert_msg(!strstr(text.data, lacks[i]), "%s in\n%s", lacks[i], text.data);
    struct git_config c = { 0 };
    ck_assert_int_eq(git_config_parse(text.data, text.len, &c), 0);
    git_config_free(&c);
}
END_TEST

/* --- what is protected --- */

START_TEST(test_repositories)
{
    fx_default("[files]\ngit = identity\nprotect = -.git/config\nprotect = -.git/modules\nprotect = .git/hooks\n");
    fx_file("work/tree/.git/HEAD", "x");
    fx_file("work/tree/.git/config", "[core]\n\thooksPath = .hooks\n\tfsmonitor = \"!./watch --x\"\n"
                                      "[include]\n\tpath = ../inc\n");
    fx_file("work/tree/.hooks/pre-commit", "x");
    fx_file("work/tree/watch", "x");
    fx_file("work/tree/inc", "x");
    fx_file("work/tree/.git/hooks/x", "x");
    fx_file("work/tree/.git/modules/a/b/HEAD", "x");
    fx_file("work/tree/.git/modules/a/b/config", "");
    fx_file("work/tree/.git/worktrees/w/HEAD", "x");
    fx_ok("true");
    ck_assert_uint_eq(fx.policy.n_git_repos, 2);
    ck_assert_str_eq(fx.policy.git_repos[0].config, fx_path("work/tree/.git/config"));
    ck_assert_str_eq(fx.policy.git_repos[1].config, fx_path("work/tree/.git/modules/a/b/config"));
    ck_assert_ptr_null(fx_grant(GRANT_PROTECT, fx_path("work/tree/.git/config")));
    ck_assert_ptr_null(fx_grant(GRANT_PROTECT, fx_path("work/tree/.git/modules")));
    static const char *const held[] = { ".git/hooks", ".hooks", "watch", "inc", ".git/modules/a/b/hooks",
                                        ".git/worktrees/w/commondir", ".git/info/attributes" };
    for (size_t i = 0; i < ELEMENTSOF(held); i++)
        ck_assert_msg(fx_grant(GRANT_PROTECT, fx_path("work/tree/%s", held[i])), "%s", held[i]);
    fx_ok("--git=none", "true");
    ck_assert_uint_eq(fx.policy.n_git_repos, 0);
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/.git/config")));
    fx_file(CEILING("a.ini"), "[files]\ngit = none\n");
    fx_refused("goes beyond the ceiling", "true");
}
END_TEST

START_TEST(test_worktree)
{
    fx_default("[files]\ngit = identity\n");
    fx_file("main/.git/HEAD", "x");
    fx_file("main/.git/config", "");
    fx_file("main/.git/objects/info/x", "");
    fx_file("main/.git/refs/x", "");
    fx_file("main/.git/worktrees/w/HEAD", "x");
    fx_file("main/.git/worktrees/w/commondir", "../..\n");
    fx_file("main/.git/worktrees/w/gitdir", fx_path("work/tree/.git"));
    char text[PATH_MAX + 16];
    snprintf(text, sizeof(text), "gitdir: %s\n", fx_path("main/.git/worktrees/w"));
    fx_file("work/tree/.git", text);
    fx_ok("true");
    ck_assert_uint_eq(fx.policy.n_git_repos, 1);
    ck_assert_ptr_nonnull(fx_grant(GRANT_WRITE, fx_path("main/.git")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("main/.git/worktrees/w/commondir")));
    fx_file("main/.git/worktrees/w/commondir", "../../..\n"); /* leads above */
    fx_ok("true");
    ck_assert_ptr_null(fx_grant(GRANT_WRITE, fx_path("main")));
    ck_assert_uint_eq(fx.policy.n_git_repos, 0);
    fx_file("main/.git/worktrees/w/commondir", fx_path("home")); /* leads elsewhere */
    fx_ok("true");
    ck_assert_ptr_null(fx_grant(GRANT_WRITE, fx_path("home")));
    ck_assert_uint_eq(fx.policy.n_git_repos, 0);
    fx_file("main/.git/worktrees/w/gitdir", "/elsewhere/.git"); /* does not point back */
    fx_ok("true");
    ck_assert_uint_eq(fx_count(GRANT_WRITE), 1);
}
END_TEST

/* What is protected in .git, where the git directory is another: each, whatever a payload has put beside it. */
START_TEST(test_elsewhere)
{
    fx_default("[files]\ngit = none\nprotect = -.git/config\nprotect = -.git/hooks\n");
    fx_file("work/tree/.bare/HEAD", "x");
    fx_file("work/tree/.git", "gitdir: ./.bare\n");
    fx_ok("true");
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/.bare/hooks")));
    ck_assert_ptr_null(fx_grant(GRANT_PROTECT, fx_path("work/tree/hooks")));
    ck_assert_ptr_null(fx.policy.git_dirs[0]);
    fx_file("work/tree/config", "[core]\n\tbare = true\n");
    fx_ok("true");
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/.bare/hooks")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/hooks")));
    ck_assert_str_eq(fx.policy.git_dirs[0], fx_path("work/tree"));
    ck_assert_str_eq(fx.policy.git_dirs[1], fx_path("work/tree/.bare"));
    fx_file("work/tree/.git", "gitdir: ../../main\n"); /* outside */
    fx_file("main/HEAD", "x");
    fx_ok("true");
    ck_assert_ptr_null(fx.policy.git_dirs[1]);
    ck_assert_int_eq(unlink(fx_path("work/tree/.git")), 0);
    fx_file("work/tree/.git/HEAD", "x");
    fx_ok("--git=identity", "true");
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/hooks")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/config")));
}
END_TEST

/* What a payload leaves in its workspace for the next run. */
START_TEST(test_planted)
{
    fx_default("[files]\ngit = identity\n");
    fx_file("work/tree/.git", "gitdir: g\n");
    fx_file("work/tree/g/HEAD", "x");
    fx_file("work/tree/g/gitdir", "../.git\n");
    fx_file("work/tree/g/commondir", "../..\n");
    fx_ok("true");
    ck_assert_uint_eq(fx_count(GRANT_WRITE), 1);
    fx_file("work/HEAD", "x"); /* even where all looks like a git directory */
    fx_file("work/objects/x", "x");
    fx_file("work/refs/x", "x");
    fx_ok("true");
    ck_assert_uint_eq(fx_count(GRANT_WRITE), 1);
    fx_file("work/worktrees/w/gitdir", fx_path("work/tree/.git"));
    fx_file("work/worktrees/w/commondir", "../..\n");
    fx_file("work/tree/.git", "gitdir: ../worktrees/w\n");
    fx_ok("true");
    ck_assert_uint_eq(fx_count(GRANT_WRITE), 1);
}
END_TEST

START_TEST(test_modules_hidden)
{
    fx_default("[files]\ngit = identity\n");
    fx_file("work/tree/.git/HEAD", "x");
    fx_file("work/tree/.git/config", "");
    fx_file("work/tree/.git/modules/.vim/p/HEAD", "x");
    fx_file("work/tree/.git/modules/.vim/p/config", "");
    fx_file("work/tree/.git/modules/headless/config", "");
    fx_ok("true");
    ck_assert_uint_eq(fx.policy.n_git_repos, 3);
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/.git/modules/.vim/p/hooks")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/.git/modules/headless/hooks")));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("git");
    TCase *tc = fx_case(s, "git");
    tcase_add_test(tc, test_parse);
    tcase_add_test(tc, test_replace);
    tcase_add_test(tc, test_keep_additions);
    tcase_add_test(tc, test_keep_changes);
    tcase_add_test(tc, test_identity);
    tcase_add_test(tc, test_repositories);
    tcase_add_test(tc, test_worktree);
    tcase_add_test(tc, test_elsewhere);
    tcase_add_test(tc, test_planted);
    tcase_add_test(tc, test_modules_hidden);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
