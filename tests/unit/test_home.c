/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kept home: what is copied into it, what is not, how it goes. */
#include "profile_fixture.h"

#include <sys/file.h>

#include "base/strv.h"
#include "home/home.h"
#include "home/remove_tree.h"
#include "profile/import.h"

#define IN_HOME(name) "home/.local/share/agentjail/homes/default/" name

static struct strv notes;
static int lock_fd = -1;

static int make(void)
{
    buf_free(&fx.why);
    strv_free(&notes);
    cleanup_close(&lock_fd);
    return home_make(&fx.policy, &lock_fd, &notes, &fx.why);
}

static bool exists(const char *below)
{
    struct stat st;
    return lstat(fx_path("%s", below), &st) == 0;
}

#define made()                                                                                 \
    do {                                                                                       \
        int made_r = make();                                                                   \
        ck_assert_msg(made_r == 0, "%d: %s", made_r, fx.why.data ? fx.why.data : "");          \
    } while (0)

static void text_is(const char *below, const char *want)
{
    _cleanup_buf_ struct buf text = { 0 };
    ck_assert_msg(buf_read_file(&text, AT_FDCWD, fx_path("%s", below), 4096) == 0, "no %s", below);
    ck_assert_str_eq(text.data ? text.data : "", want);
}

START_TEST(test_import_once)
{
    fx_file("home/.vimrc", "one");
    fx_file("home/.config/tool/a", "a");
    fx_file("home/.config/tool/sub/b", "b");
    fx_file("home/.config/tool/auth.json", "secret");
    ck_assert_int_eq(symlink("/etc/passwd", fx_path("home/.config/tool/link")), 0);
    fx_default("[files]\nhome = persistent\nimport = ~/.vimrc\nimport = ~/.config/tool\nimport = -~/.none\n");
    fx_ok("true");
    made();
    text_is(IN_HOME(".vimrc"), "one");
    text_is(IN_HOME(".config/tool/sub/b"), "b");
    ck_assert(exists(IN_HOME(".profile")) && exists(IN_HOME(".bashrc")));
    ck_assert(!exists(IN_HOME(".config/tool/auth.json")) && !exists(IN_HOME(".config/tool/link")));
    ck_assert_uint_eq(notes.n, 1);
    ck_assert_ptr_nonnull(strstr(notes.v[0], "settings copied into the profile's home: .vimrc, .config/tool (3 files"));
    ck_assert_ptr_nonnull(strstr(notes.v[0], "2 left out"));
    fx_file("home/.vimrc", "two");
    made();
    text_is(IN_HOME(".vimrc"), "one");
    ck_assert_uint_eq(notes.n, 0);
}
END_TEST

START_TEST(test_import_refused)
{
    fx_default("[files]\nhome = persistent\nimport = ~/.ssh/config\n");
    fx_refused("3: import: ", "true");
    fx_refused("may hold credentials; write credentials = ~/.ssh/config", "true");
    fx_default("[files]\nimport = /etc/passwd\n");
    fx_refused("is not below your home directory", "true");
    fx_default("[files]\nimport = ~\n");
    fx_refused("is not below your home directory", "true");
    fx_default("[files]\nimport = ~/.config/agentjail/profiles\n");
    fx_refused("agentjail's own files", "true");
    fx_default("[files]\nimport = ~/.config\n");
    fx_refused("agentjail's own files", "true");

    fx_file("home/.netrc", "secret");
    ck_assert_int_eq(symlink(".netrc", fx_path("home/innocent")), 0);
    fx_default("[files]\nhome = persistent\nimport = ~/innocent\n");
    fx_ok("true");
    ck_assert_int_lt(make(), 0);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "3: import: "));
    ck_assert(!exists(IN_HOME("")));
    fx_file("outside", "x");
    ck_assert_int_eq(symlink("../outside", fx_path("home/way-out")), 0);
    fx_default("[files]\nhome = persistent\nimport = ~/way-out\n");
    fx_ok("true");
    ck_assert_int_lt(make(), 0);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "leads out of your home"));
    fx_default("[files]\nhome = persistent\nimport = ~/nothing\n");
    fx_ok("true");
    ck_assert_int_eq(make(), -ENOENT);
}
END_TEST

START_TEST(test_credentials_when_asked)
{
    fx_file("home/.tool/auth.json", "secret");
    fx_default("[files]\nhome = persistent\ncredentials = ~/.tool/auth.json\n");
    fx_ok("true");
    made();
    ck_assert(!exists(IN_HOME(".tool")));
    fx_ok("--import-credentials", "true");
    made();
    text_is(IN_HOME(".tool/auth.json"), "secret");
    ck_assert_ptr_nonnull(strstr(notes.v[0], "credentials copied into the profile's home: .tool/auth.json"));
    struct stat st;
    ck_assert_int_eq(stat(fx_path(IN_HOME(".tool/auth.json")), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    fx_file("home/.tool/auth.json", "newer");
    made();
    text_is(IN_HOME(".tool/auth.json"), "newer");
    fx_refused("keeps no home", "--home=temporary", "--import-credentials", "true");
}
END_TEST

/* The payload has put symlinks where the copy goes. */
START_TEST(test_planted_links)
{
    fx_file("home/.tool/auth.json", "secret");
    fx_dir("elsewhere");
    fx_file("victim", "old");
    fx_default("[files]\nhome = persistent\ncredentials = ~/.tool/auth.json\n");
    fx_ok("--import-credentials", "true");
    fx_dir(IN_HOME("x"));
    ck_assert_int_eq(symlink(fx_path("elsewhere"), fx_path(IN_HOME(".tool"))), 0);
    ck_assert_int_lt(make(), 0);
    ck_assert_ptr_nonnull(strstr(fx.why.data, "something else is in its place"));
    ck_assert(!exists("elsewhere/auth.json"));
    ck_assert_int_eq(unlink(fx_path(IN_HOME(".tool"))), 0);
    fx_dir(IN_HOME(".tool"));
    ck_assert_int_eq(symlink(fx_path("victim"), fx_path(IN_HOME(".tool/auth.json"))), 0);
    made();
    text_is("victim", "old");
    text_is(IN_HOME(".tool/auth.json"), "secret");
}
END_TEST

START_TEST(test_reset)
{
    fx_default("[files]\nhome = persistent\n");
    fx_ok("true");
    ck_assert_int_eq(home_reset(&fx.policy, &fx.why), -ENOENT);
    made();
    char deep[PATH_MAX];
    snprintf(deep, sizeof(deep), "%s", fx_path(IN_HOME("")));
    int fd = open(deep, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 200; i++) { /* deeper than a path can be */
        ck_assert_int_eq(mkdirat(fd, "directory-of-the-payloads", 0700), 0);
        int next = openat(fd, "directory-of-the-payloads", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_eq(mkdirat(next, "closed", 0), 0);
        close(fd);
        fd = next;
    }
    close(fd);
    fx_file("victim/file", "x");
    ck_assert_int_eq(symlink(fx_path("victim"), fx_path(IN_HOME("link"))), 0);
    ck_assert_int_eq(home_reset(&fx.policy, &fx.why), -EBUSY);
    cleanup_close(&lock_fd);
    buf_free(&fx.why);
    int r = home_reset(&fx.policy, &fx.why);
    ck_assert_msg(r == 0, "%d: %s", r, fx.why.data);
    ck_assert(!exists(IN_HOME("")) && exists("victim/file"));
    made();
    ck_assert(exists(IN_HOME(".profile")));
    cleanup_close(&lock_fd);
}
END_TEST

START_TEST(test_names_of_credentials)
{
    static const char *const yes[] = { "/.ssh/known_hosts", "/.aws/x", "/a/id_rsa.pub", "/.codex/auth.json", "/.NPMRC",
                                       "/.claude/.credentials.json", "/.config/gh/config.yml", "/x/server.key", "/.env.local",
                                       "/.gemini/oauth_creds.json", "/.cargo/config.toml", "/.bash_history" };
    static const char *const no[] = { "/.vimrc", "/.gitconfig", "/.config/nvim/init.lua", "/.claude/CLAUDE.md",
                                      "/.codex/config.toml", "/.gemini/settings.json", "/.tmux.conf", "/keyboard" };
    for (size_t i = 0; i < ELEMENTSOF(yes); i++)
        ck_assert_msg(import_is_credential(yes[i]), "%s", yes[i]);
    for (size_t i = 0; i < ELEMENTSOF(no); i++)
        ck_assert_msg(!import_is_credential(no[i]), "%s", no[i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("home");
    TCase *tc = fx_case(s, "home");
    tcase_set_timeout(tc, 60); /* a loaded machine makes and removes directories slowly */
    tcase_add_test(tc, test_import_once);
    tcase_add_test(tc, test_import_refused);
    tcase_add_test(tc, test_credentials_when_asked);
    tcase_add_test(tc, test_planted_links);
    tcase_add_test(tc, test_reset);
    tcase_add_test(tc, test_names_of_credentials);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
