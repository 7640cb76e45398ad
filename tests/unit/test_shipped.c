/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profiles that we ship: each loads, is chosen by the commands it is for, shows nobody's credentials, and stays below
 * ceilings. What they are for is tested with the real programs (tests/system/cases/9*). */
#include "profile_fixture.h"

#include <glob.h>

#include "profile/access.h"

/* Packaged profiles are the source tree's. */
static glob_t shipped;

static void setup(void)
{
    char pattern[PATH_MAX + 8], top[PATH_MAX];

    fx_setup();
    free(fx.paths[1]);
    ck_assert_ptr_nonnull(realpath(getenv("top_srcdir") ? getenv("top_srcdir") : ".", top));
    ck_assert_int_ge(asprintf(&fx.paths[1], "%s/profiles", top), 0);
    fx.host.package_dir = fx.paths[1];
    snprintf(pattern, sizeof(pattern), "%s/*.ini", fx.paths[1]);
    ck_assert_int_eq(glob(pattern, 0, NULL, &shipped), 0);
    ck_assert_uint_ge(shipped.gl_pathc, 19);
}

static void teardown(void)
{
    globfree(&shipped);
    fx_teardown();
}

/* Load each by its name. */
static const char *load(size_t i)
{
    static char name[NAME_MAX + 1], option[NAME_MAX + 16];
    snprintf(name, sizeof(name), "%s", strrchr(shipped.gl_pathv[i], '/') + 1);
    *strrchr(name, '.') = '\0';
    snprintf(option, sizeof(option), "--profile=%s", name);
    fx_ok(option, "x");
    return name;
}

START_TEST(test_each_loads)
{
    for (size_t i = 0; i < shipped.gl_pathc; i++) {
        const char *name = load(i);
        ck_assert_str_eq(fx.policy.name, name);
        ck_assert_msg(fx.policy.description && *fx.policy.description, "%s has no description", name);
        ck_assert_msg(strlen(fx.policy.description) <= 90, "%s: its description is not one line", name);
        ck_assert_msg(fx.policy.network <= NETWORK_FILTERED, "%s has more network than rules allow", name);
    }
}
END_TEST

static const char *chosen(const char *command)
{
    fx_ok((char *)command);
    return fx.policy.name;
}

START_TEST(test_match)
{
    static const char *const own[] = { "claude", "codex", "gemini", "copilot", "opencode", "qwen",
                                       "aider",  "goose", "cursor-agent", "chromium", "electron" };
    for (size_t i = 0; i < ELEMENTSOF(own); i++)
        ck_assert_str_eq(chosen(own[i]), own[i]);
    ck_assert_str_eq(chosen("google-chrome"), "chromium");
    ck_assert_str_eq(chosen("make"), "default");
    ck_assert_str_eq(chosen("python3"), "default"); /* by --profile=python-agent only */
    ck_assert_str_eq(chosen("node"), "default");
    ck_assert_str_eq(chosen("/usr/bin/claude"), "claude");
    /* what the payload could have put there chooses nothing */
    ck_assert_str_eq(chosen(fx_path("work/tree/claude")), "default");
}
END_TEST

/* Below the home; none of it is the host's inside, in any profile. */
static const char *const credentials[] = {
    ".ssh/id_ed25519",
    ".gnupg/private-keys-v1.d/key",
    ".aws/credentials",
    ".azure/token",
    ".kube/config",
    ".docker/config.json",
    ".netrc",
    ".git-credentials",
    ".gitconfig",
    ".bash_history",
    ".bashrc",
    ".env",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".config/pip/pip.conf",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".cargo/config.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".config/gh/hosts.yml",
    ".config/gcloud/credentials.db",
    ".config/mise/config.toml",
    ".config/agentjail/profiles/x.ini",
    ".local/share/uv/credentials/x",
    ".local/share/keyrings/login.keyring",
    ".mozilla/firefox/x/logins.json",
    ".config/chromium/Default/Login Data",
    ".claude.json",
    ".claude/.credentials.json",
    ".codex/auth.json",
    ".gemini/oauth_creds.json",
    ".copilot/config.json",
    ".local/share/opencode/auth.json",
    ".config/goose/secrets.yaml",
};

START_TEST(test_no_credentials)
{
    for (size_t i = 0; i < shipped.gl_pathc; i++) {
        const char *name = load(i);
        for (size_t k = 0; k < ELEMENTSOF(credentials); k++) {
            const struct grant *g = policy_access(&fx.policy, fx_path("home/%s", credentials[k])).grant;
            /* the test's home lies in /tmp */
            ck_assert_msg(!g || g->kind == GRANT_HIDE || g->kind == GRANT_SCRATCH, "%s shows ~/%s, by %s:%u",
                          name, credentials[k], g ? g->origin.file : "", g ? g->origin.line : 0);
        }
    }
}
END_TEST

/* Programs of the host's in the home: to be run, not to be changed. */
static const char *const programs[] = {
    ".nvm/versions/node/v22/bin/node", ".pyenv/shims/python",         ".local/share/uv/tools/x/bin/x",
    ".local/bin/x",                    ".local/share/pipx/venvs/x/x", ".cargo/bin/cargo",
    ".rustup/toolchains/x/bin/rustc",  "go/bin/x",                    ".local/share/mise/installs/x",
    ".linuxbrew/bin/x",                ".sdkman/candidates/java/x",   ".volta/bin/node",
};

START_TEST(test_toolchains)
{
    fx_ok("--profile=claude", "x");
    for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
        struct access a = policy_access(&fx.policy, fx_path("home/%s", programs[i]));
        ck_assert_msg(a.visible && a.exec && !a.host_write && a.grant, "~/%s", programs[i]);
    }
}
END_TEST

/* Where agents work, what they make can be run; the document profiles are those that do not. */
START_TEST(test_exec)
{
    fx_ok("--profile=claude", "x");
    ck_assert(policy_access(&fx.policy, fx_path("work/tree/x")).exec);
    ck_assert(policy_access(&fx.policy, "/tmp/x").exec);
    ck_assert(policy_access(&fx.policy, fx_path("home/.cache/x")).exec);
    fx_ok("--profile=documents", "x");
    ck_assert(!policy_access(&fx.policy, fx_path("home/Documents/x")).exec);
    ck_assert(!policy_access(&fx.policy, fx_path("home/Documents/x")).host_write);
    ck_assert(!policy_access(&fx.policy, fx_path("home/Documents/Agent/x")).exec);
    ck_assert(policy_access(&fx.policy, fx_path("home/Documents/Agent/x")).host_write);
    ck_assert(!policy_access(&fx.policy, fx_path("home/x")).exec);
    ck_assert(!policy_access(&fx.policy, "/tmp/x").exec);
    fx_ok("--profile=mcp-server", "x");
    ck_assert(!policy_access(&fx.policy, fx_path("work/tree/x")).host_write);
    fx_ok("--profile=mcp-server", "--write=${WORKSPACE}", "x");
    ck_assert(policy_access(&fx.policy, fx_path("work/tree/x")).host_write);
}
END_TEST

/* The parts for options are right, too. */
START_TEST(test_parts)
{
    fx_ok("--profile=claude", "--include=registries", "--include=forges", "x");
    fx_ok("--include=toolchains", "--include=models", "x");
}
END_TEST

/* Settings are copied into the home, and credentials only when asked for: import = refuses names of credentials. */
START_TEST(test_imports)
{
    for (size_t i = 0; i < shipped.gl_pathc; i++) {
        const char *name = load(i);
        for (size_t k = 0; k < fx.policy.n_imports; k++) {
            const struct import *import = &fx.policy.imports[k];
            ck_assert_msg(import->optional, "%s: %s has to be there", name, import->path);
        }
    }
}
END_TEST

START_TEST(test_ceilings)
{
    fx_file(CEILING("10.ini"), "[isolation]\nnested = deny\n[network]\nmode = filtered\n[limits]\nmemory = 8G\n");
    for (size_t i = 0; i < shipped.gl_pathc; i++) {
        const char *name = strrchr(shipped.gl_pathv[i], '/') + 1;
        if (strcmp(name, "codex.ini") == 0 || strcmp(name, "chromium.ini") == 0 || strcmp(name, "electron.ini") == 0)
            continue;
        name = load(i);
        ck_assert_msg(fx.policy.memory.set && fx.policy.memory.value <= 8ULL << 30, "%s", name);
    }
    fx_refused("codex.ini", "--profile=codex", "x");
    fx_refused("policy.d/10.ini:2 (nested = deny)", "--profile=chromium", "x");
    fx_ok("--profile=codex", "--nested=deny", "x");
    fx_refused("policy.d/10.ini:4 (mode = filtered)", "--profile=claude", "--network=host", "x");
    fx_file(CEILING("10.ini"), "[network]\nmode = none\n");
    fx_refused("agent.ini", "--profile=claude", "x");
    fx_ok("--profile=mcp-server", "x");
    fx_file(CEILING("10.ini"), "[files]\nhome = temporary\n");
    fx_refused("agent.ini", "--profile=claude", "x");
    fx_file(CEILING("10.ini"), "[files]\nhide = /srv\nprotect = -Makefile\n[ceiling]\nfixed-profiles = claude\n");
    fx_file(USER("claude.ini"), "[profile]\ndescription = mine\n");
    fx_ok("--profile=claude", "x");
    ck_assert_str_ne(fx.policy.description, "mine");
    ck_assert(!policy_access(&fx.policy, "/srv/x").visible);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("shipped profiles");
    TCase *tc = tcase_create("profiles");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_each_loads);
    tcase_add_test(tc, test_match);
    tcase_add_test(tc, test_no_credentials);
    tcase_add_test(tc, test_toolchains);
    tcase_add_test(tc, test_exec);
    tcase_add_test(tc, test_parts);
    tcase_add_test(tc, test_imports);
    tcase_add_test(tc, test_ceilings);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
