/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's environment: nothing passes that is not on the list. */
#include "profile_fixture.h"

#include "monitor/environment.h"
#include "profile/access.h"

static struct strv env, dropped;

static void release(void)
{
    strv_free(&env);
    strv_free(&dropped);
}

static const char *value(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < env.n; i++)
        if (strncmp(env.v[i], name, len) == 0 && env.v[i][len] == '=')
            return env.v[i] + len + 1;
    return NULL;
}

/* Make the environment from host, up to NULL, with the policy that was loaded last. */
static void build(const char *const *host)
{
    release();
    ck_assert_int_eq(environment_build(&fx.policy, (char *const *)(uintptr_t)host, &env, &dropped), 0);
}
#define build_from(...) build((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(test_only_the_list_passes)
{
    fx_default("[env]\nTERM\nLC_*\nSET = to this\nEMPTY =\n");
    fx_ok("x");
    build_from("TERM=xterm\x1b", "LC_ALL=C", "LC_TIME=de", "LCX=1", "SECRET=1", "SET=other", "TERMX=1", "TERM=second");
    ck_assert_str_eq(value("TERM"), "xterm\x1b"); /* as it is, and the first of two */
    ck_assert_str_eq(value("LC_ALL"), "C");
    ck_assert_str_eq(value("LC_TIME"), "de");
    ck_assert_str_eq(value("SET"), "to this");
    ck_assert_str_eq(value("EMPTY"), "");
    ck_assert_ptr_null(value("LCX"));
    ck_assert_ptr_null(value("SECRET"));
    ck_assert_ptr_null(value("TERMX"));
    ck_assert(strv_has(&dropped, "SECRET") && strv_has(&dropped, "TERMX") && strv_has(&dropped, "LCX"));
    ck_assert(!strv_has(&dropped, "TERM") && !strv_has(&dropped, "SET"));
    size_t terms = 0;
    for (size_t i = 0; i < env.n; i++)
        terms += strncmp(env.v[i], "TERM=", 5) == 0;
    ck_assert_uint_eq(terms, 1);
}
END_TEST

START_TEST(test_always_set)
{
    fx_default("[files]\nexec = /usr\n");
    fx_ok("x");
    build_from("HOME=/host/home", "USER=root", "LOGNAME=root", "SHELL=/usr/bin/zsh", "TMPDIR=/host/tmp", "AGENTJAIL=0");
    ck_assert_str_eq(value("HOME"), fx_path("home"));
    ck_assert_str_eq(value("USER"), "tester");
    ck_assert_str_eq(value("LOGNAME"), "tester");
    ck_assert_str_eq(value("SHELL"), "/usr/bin/zsh");
    ck_assert_str_eq(value("TMPDIR"), "/tmp");
    ck_assert_str_eq(value("AGENTJAIL"), "1");
    build_from("SHELL=/home/me/evil");
    ck_assert_str_eq(value("SHELL"), "/bin/sh");
    build((const char *const[]){ NULL });
    ck_assert_str_eq(value("SHELL"), "/bin/sh");
    fx_ok("--env=HOME=/elsewhere", "--env=USER", "x"); /* a value wins, the host's does not */
    build_from("USER=root");
    ck_assert_str_eq(value("HOME"), "/elsewhere");
    ck_assert_str_eq(value("USER"), "tester");
}
END_TEST

START_TEST(test_path)
{
    fx_default("[files]\nexec = /usr\nexec = -/bin\nread = /opt\nhide = /usr/games\nscratch = /usr/local/x\n");
    fx_ok("x");
    build_from("PATH=/home/me/bin:/usr/local/bin:.:/usr/bin/:rel/bin::/opt/bin:/usr/games:/bin:/usr/bin:/usr/../home:/"
               "usr/local/x/bin");
    ck_assert_str_eq(value("PATH"), "/usr/local/bin:/usr/bin:/bin");
    build_from("PATH=/home/me/bin"); /* nothing left: the usual ones */
    ck_assert_str_eq(value("PATH"), "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin");
    build((const char *const[]){ NULL });
    ck_assert_str_eq(value("PATH"), "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin");
    fx_ok("--env=PATH=/x:y", "x");
    build_from("PATH=/usr/bin");
    ck_assert_str_eq(value("PATH"), "/x:y");
}
END_TEST

START_TEST(test_what_makes_others_run)
{
    static const char *const names[] = { "LD_PRELOAD",         "LD_LIBRARY_PATH",
                                         "LD_AUDIT",           "GLIBC_TUNABLES",
                                         "BASH_ENV",           "ENV",
                                         "PYTHONSTARTUP",      "PYTHONPATH",
                                         "NODE_OPTIONS",       "GIT_SSH_COMMAND",
                                         "GIT_EXTERNAL_DIFF",  "GIT_CONFIG_COUNT",
                                         "PERL5OPT",           "RUBYOPT",
                                         "JAVA_TOOL_OPTIONS",  "PROMPT_COMMAND",
                                         "LESSOPEN",           "GCONV_PATH",
                                         "AGENTJAIL_TEST_OFF", "IFS" };
    char entry[64], rule[64];
    fx_ok("--env=*", "x");
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        snprintf(entry, sizeof(entry), "%s=bad", names[i]);
        build_from(entry, "HARMLESS=1");
        ck_assert_msg(!value(names[i]), "%s passes by '*'", names[i]);
        ck_assert(strv_has(&dropped, names[i]));
        ck_assert_str_eq(value("HARMLESS"), "1");
    }
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        snprintf(entry, sizeof(entry), "%s=bad", names[i]);
        snprintf(rule, sizeof(rule), "--env=%.3s*", names[i]);
        fx_ok(rule, "x");
        build_from(entry);
        ck_assert_msg(!value(names[i]), "%s passes by %s", names[i], rule);
        snprintf(rule, sizeof(rule), "--env=%s", names[i]);
        fx_ok(rule, "x"); /* by its exact name it does: somebody wants it */
        build_from(entry);
        ck_assert_str_eq(value(names[i]), "bad");
    }
    fx_ok("--env=*", "x");
    build_from("BASH_FUNC_ls%%=() { evil; }", "noequals", "=x", "A-B=1");
    for (size_t i = 0; i < env.n; i++)
        ck_assert_msg(!strstr(env.v[i], "evil") && env.v[i][0] != '=' && strchr(env.v[i], '='), "%s passes", env.v[i]);
    ck_assert_ptr_null(value("A-B"));
}
END_TEST

START_TEST(test_access)
{
    fx_default("[files]\nworkspace = none\nread = /a\nwrite = /a/b\nhide = /a/b/c\nread = /a/b/c/d\nexec = "
               "/a/b/x\nscratch = /s\n"
               "exec = /\nprotect = /a/b/p\ncopy-on-write = /o\nhide = /h\nexec = /h/x\n");
    fx_ok("x");
    static const struct {
        const char *path;
        bool visible, host_write, exec;
    } samples[] = {
        { "/a", true, false, true },         { "/a/b", true, true, true },      { "/a/b/c", false, false, false },
        { "/a/b/c/d/e", true, false, true }, { "/a/b/p/q", true, false, true }, { "/a/b/pq", true, true, true },
        { "/s/x", true, false, false },      { "/o/x", true, false, true },     { "/z", true, false, true },
        { "/h/y", false, false, false },     { "/h/x/y", true, false, true },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct access a = policy_access(&fx.policy, samples[i].path);
        ck_assert_msg(a.visible == samples[i].visible && a.host_write == samples[i].host_write &&
                          a.exec == samples[i].exec,
                      "%s: visible %d, host_write %d, exec %d", samples[i].path, a.visible, a.host_write, a.exec);
    }
    fx_default("[files]\nworkspace = none\nread = /a\n");
    fx_ok("x");
    ck_assert(!policy_access(&fx.policy, "/ab").visible);
    ck_assert(!policy_access(&fx.policy, "/a").exec);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("environment");
    TCase *tc = fx_case(s, "environment");
    tcase_add_checked_fixture(tc, NULL, release);
    tcase_add_test(tc, test_only_the_list_passes);
    tcase_add_test(tc, test_always_set);
    tcase_add_test(tc, test_path);
    tcase_add_test(tc, test_what_makes_others_run);
    tcase_add_test(tc, test_access);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
