/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --explain: every value with its origin, what holds it, what the host lacks. */
#include "profile_fixture.h"

#include "cli/explain.h"

static struct buf text;

static void release(void)
{
    buf_free(&text);
}

static const struct host_features whole = {
    .kernel_major = 6,
    .kernel_minor = 18,
    .userns = USERNS_WORKS,
    .landlock_abi = 7,
    .openat2 = true,
    .clone3 = true,
    .mount_setattr = true,
    .seccomp = HOST_SECCOMP_ERRNO | HOST_SECCOMP_KILL_PROCESS,
    .apparmor = true,
    .cgroup2 = true,
    .cgroup_way = HOST_CGROUP_DELEGATED,
    .controllers = CONTROLLERS_ALL,
};

static void explain(const struct host_features *host, bool colour)
{
    release();
    ck_assert_int_eq(explain_text(&fx.policy, NULL, host, colour, &text), 0);
}

static void has(const char *want)
{
    ck_assert_msg(strstr(text.data, want) != NULL, "%s\n  is not in\n%s", want, text.data);
}

static void lacks(const char *unwanted)
{
    ck_assert_msg(strstr(text.data, unwanted) == NULL, "%s\n  is in\n%s", unwanted, text.data);
}

/* The line that begins so has this in it. */
static void line_has(const char *begin, const char *want)
{
    for (const char *line = text.data; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        size_t len = strcspn(line, "\n");
        if (strncmp(line, begin, strlen(begin)) == 0 && memmem(line, len, want, strlen(want)))
            return;
    }
    ck_abort_msg("no line \"%s...%s\" in\n%s", begin, want, text.data);
}

START_TEST(test_network)
{
    fx_default("[network]\nallow = a.example:80,443\n\nallow = tls://b.example:443\ndeny = c.example\nhost-port = 5432\n"
               "publish = 3000:8080\n");
    fx_setenv("https_proxy", "http://user:secret@proxy:3128");
    fx_setenv("no_proxy", ".corp");
    fx_ok("--upstream=env", "x");
    explain(&whole, false);
    line_has("allow = a.example:80,443 ", "default.ini:2");
    line_has("allow = tls://b.example:443 ", "default.ini:4");
    line_has("deny = c.example ", "default.ini:5");
    line_has("host-port = 5432 ", "host.agentjail.internal:5432");
    line_has("publish = 3000:8080 ", "this host's 127.0.0.1:8080");
    line_has("upstream = env ", "http://proxy:3128, but not for .corp");
    lacks("secret");
}
END_TEST

START_TEST(test_every_option_is_shown)
{
    fx_default(
        "[profile]\ndescription = the default\n[files]\nread = /r\nwrite = -/w\nexec = /x\nhide = /h\nprotect = -/p\n"
        "scratch = /s\ncopy-on-write = /o\ndevice = -/dev/none\n[env]\nLANG\nA = b\n"
        "[files]\nimport = ~/.vimrc\ncredentials = -~/.netrc\n[network]\nallow = a.example:80\ndeny = b.example\n"
        "host-port = 5432\npublish = 3000:8080\n");
    fx_ok("x");
    explain(&whole, false);
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        char key[64];
        if (!o->key || !strcmp(o->section, "profile") || !strcmp(o->section, "ceiling") ||
            o == &options[OPTION_UNPROTECT])
            continue;
        snprintf(key, sizeof(key), "\n%s = ", o->key);
        has(key);
    }
    has("profile default: the default\n");
    char origin[PATH_MAX];
    snprintf(origin, sizeof(origin), "%s:4", fx_path(PACKAGED("default.ini")));
    line_has("read = /r ", origin);
    line_has("write = -/w ", "does not exist");
    line_has("protect = -/p ", "not held: does not exist");
    line_has("LANG", fx_path(PACKAGED("default.ini")));
    line_has("A = b", "default.ini:14");
    line_has("import = ", "once, when the home is made");
    line_has("credentials = ", "only with --import-credentials");
    line_has("mode = none", "built in");
    line_has("mode = none", "an empty network namespace");
    has(fx_path("home/.config/agentjail"));
    has("lacks nothing");
    fx_ok("--network=none", "x");
    explain(&whole, false);
    line_has("mode = none", "command line");
}
END_TEST

START_TEST(test_open_network_is_red)
{
    fx_ok("--network=host", "x");
    explain(&whole, true);
    has("\033[1;31mmode = host");
    has("NOTHING: every address");
    explain(&whole, false);
    lacks("\033[");
    fx_ok("x");
    explain(&whole, true);
    lacks("\033[1;31m");
}
END_TEST

START_TEST(test_what_the_host_lacks)
{
    struct host_features poor = { .userns = USERNS_APPARMOR, .kernel_major = 6 };
    fx_ok("--label=x", "--memory=-1G", "--cpu=1", "x");
    explain(&poor, false);
    has("namespaces: ");
    has("seccomp: this kernel");
    has("Landlock: this kernel has none");
    has("label: this kernel runs neither");
    has("control group for memory: the limit is left out");
    has("control group for cpu: the command will not run");
    lacks("lacks nothing");
    struct host_features old = whole;
    old.landlock_abi = 1;
    explain(&old, false);
    has("would refuse every rename");
    old.landlock_abi = 3;
    explain(&old, false);
    has("Landlock ABI 4: TCP ports");
    explain(NULL, false);
    lacks("This host");
}
END_TEST

START_TEST(test_control_bytes_do_not_reach_the_terminal)
{
    fx_ok("--read=/a\x1b]52;c;x\a\nmode = none", "--env=A=\x1b[31m",
          "--read=/c1\xc2\x9b"
          "31m",
          "x");
    explain(&whole, false);
    lacks("\x1b");
    lacks("\a");
    lacks("\xc2\x9b");
    has("read = /a\\033]52;c;x\\007\\012mode = none");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("explain");
    TCase *tc = fx_case(s, "explain");
    tcase_add_checked_fixture(tc, NULL, release);
    tcase_add_test(tc, test_network);
    tcase_add_test(tc, test_every_option_is_shown);
    tcase_add_test(tc, test_open_network_is_red);
    tcase_add_test(tc, test_what_the_host_lacks);
    tcase_add_test(tc, test_control_bytes_do_not_reach_the_terminal);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
