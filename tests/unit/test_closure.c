/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command's closure grants, wherever it was installed, and what it never does. */
#include "profile_fixture.h"

#include "base/program_head.h"

static void program(const char *below, const char *text)
{
    fx_file(below, text);
    ck_assert_int_eq(chmod(fx_path("%s", below), 0755), 0);
}

/* As much of an ELF file as says that it is a program. */
static void elf(const char *below)
{
    static const char head[20] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76";
    program(below, "");
    FILE *f = fopen(fx_path("%s", below), "we");
    ck_assert(f && fwrite(head, sizeof(head), 1, f) == 1 && fclose(f) == 0);
}

static void link_to(const char *below, const char *text)
{
    char *path = fx_path("%s", below);
    fx_parents(path);
    unlink(path);
    ck_assert_int_eq(symlink(text, path), 0);
}

static void set_path(const char *a, const char *b)
{
    char text[3 * PATH_MAX];
    snprintf(text, sizeof(text), "%s:%s:/usr/bin:/bin", fx_path("%s", a), fx_path("%s", b));
    fx_setenv("PATH", text);
}

/* Read and exec at this place, for this reason. */
#define granted(below, why)                                                          \
    do {                                                                             \
        const struct grant *g = fx_grant(GRANT_EXEC, fx_path("%s", below));          \
        ck_assert_msg(g != NULL, "no exec for %s", below);                           \
        ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("%s", below)));           \
        ck_assert_msg(strcmp(g->origin.file, why) == 0, "%s: %s", below, g->origin.file); \
        ck_assert(g->origin.line == ORIGIN_REASON && g->optional);                   \
    } while (0)

static const char cli[] = "#!/usr/bin/env node\n";

START_TEST(test_npm_below_nvm)
{
    elf("home/.nvm/versions/node/v22/bin/node");
    program("home/.nvm/versions/node/v22/lib/node_modules/@a/claude/cli.js", cli);
    link_to("home/.nvm/versions/node/v22/bin/claude", "../lib/node_modules/@a/claude/cli.js");
    set_path("home/.nvm/versions/node/v22/bin", "none");
    fx_ok("claude");
    granted("home/.nvm/versions/node/v22", "closure of claude: Node.js");
    ck_assert_str_eq(fx.policy.command_path, fx_path("home/.nvm/versions/node/v22/bin/claude"));
    ck_assert(strv_has(&fx.policy.path_dirs, fx_path("home/.nvm/versions/node/v22/bin")));
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 1);
}
END_TEST

START_TEST(test_npm_prefix_and_other_node)
{
    program("home/.npm-global/lib/node_modules/tool/cli.js", cli);
    link_to("home/.npm-global/bin/tool", "../lib/node_modules/tool/cli.js");
    elf("home/node/bin/node");
    fx_dir("home/node/include/node");
    set_path("home/.npm-global/bin", "home/node/bin");
    fx_ok("tool");
    granted("home/.npm-global/lib/node_modules", "closure of tool: node packages");
    granted("home/node", "closure of tool: Node.js");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/.npm-global/bin/tool"))); /* the link */
    ck_assert_ptr_null(fx_grant(GRANT_EXEC, fx_path("home/.npm-global/bin")));
    ck_assert(strv_has(&fx.policy.path_dirs, fx_path("home/node/bin")));
}
END_TEST

START_TEST(test_pipx_with_another_python)
{
    char text[PATH_MAX + 64];
    elf("home/.pyenv/versions/3.12/bin/python3");
    fx_dir("home/.pyenv/versions/3.12/lib");
    fx_dir("home/.pyenv/versions/3.12/include");
    snprintf(text, sizeof(text), "home = %s\nversion = 3.12\n", fx_path("home/.pyenv/versions/3.12/bin"));
    fx_file("home/.local/share/pipx/venvs/aider/pyvenv.cfg", text);
    link_to("home/.local/share/pipx/venvs/aider/bin/python", fx_path("home/.pyenv/versions/3.12/bin/python3"));
    snprintf(text, sizeof(text), "#!%s\n", fx_path("home/.local/share/pipx/venvs/aider/bin/python"));
    program("home/.local/share/pipx/venvs/aider/bin/aider", text);
    link_to("home/.local/bin/aider", fx_path("home/.local/share/pipx/venvs/aider/bin/aider"));
    set_path("home/.local/bin", "none");
    fx_ok("aider");
    granted("home/.local/share/pipx/venvs/aider", "closure of aider: virtual environment");
    granted("home/.pyenv/versions/3.12", "closure of aider: Python");
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 2);
}
END_TEST

START_TEST(test_single_files_and_versions)
{
    elf("home/.local/share/claude/versions/2.1.0");
    link_to("home/.local/bin/claude", fx_path("home/.local/share/claude/versions/2.1.0"));
    program("home/.local/share/cursor/versions/1/agent", "#!/bin/sh\n");
    link_to("home/.local/bin/agent", fx_path("home/.local/share/cursor/versions/1/agent"));
    elf("home/.cargo/bin/rg");
    set_path("home/.local/bin", "home/.cargo/bin");
    fx_ok("claude");
    granted("home/.local/share/claude/versions/2.1.0", "closure of claude: program");
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 1);
    fx_ok("agent");
    granted("home/.local/share/cursor/versions/1", "closure of agent: installed version");
    fx_ok("rg");
    granted("home/.cargo/bin/rg", "closure of rg: program");
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 1);
}
END_TEST

START_TEST(test_rustup_and_shims)
{
    elf("home/.cargo/bin/rustup");
    link_to("home/.cargo/bin/cargo", "rustup");
    fx_dir("home/.rustup/toolchains");
    program("home/.pyenv/shims/python", "#!/usr/bin/env bash\n");
    set_path("home/.cargo/bin", "home/.pyenv/shims");
    fx_ok("cargo");
    granted("home/.cargo/bin", "closure of cargo: rustup");
    granted("home/.rustup", "closure of cargo: rustup");
    ck_assert_ptr_null(fx_grant(GRANT_READ, fx_path("home/.cargo")));
    fx_ok("python");
    granted("home/.pyenv", "closure of python: version manager");
}
END_TEST

START_TEST(test_mise_without_its_variables)
{
    elf("home/.local/bin/mise");
    fx_dir("home/.local/share/mise/installs");
    link_to("home/.local/share/mise/shims/node", fx_path("home/.local/bin/mise"));
    fx_file("home/.config/mise/config.toml", "[tools]\nnode = \"22\"\n");
    set_path("home/.local/share/mise/shims", "none");
    fx_ok("node");
    granted("home/.local/share/mise", "closure of node: version manager");
    granted("home/.local/bin/mise", "closure of node: program");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/.config/mise/config.toml")));
    fx_file("home/.config/mise/config.toml", "[env]\nTOKEN = \"x\"\n");
    fx_ok("node");
    ck_assert_ptr_null(fx_grant(GRANT_READ, fx_path("home/.config/mise/config.toml")));
}
END_TEST

/* A package.json or the like in a place that is more than a package. */
START_TEST(test_bounds)
{
    fx_file("home/package.json", "{}");
    program("home/tool.js", cli);
    elf("home/bin/node");
    set_path("home", "home/bin");
    fx_ok("tool.js");
    granted("home/tool.js", "closure of tool.js: program");
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 2); /* and node, the file */

    program("home/keys/tool.js", cli);
    fx_file("home/keys/package.json", "{}");
    fx_file("home/keys/.netrc", "secret");
    set_path("home/keys", "none");
    fx_ok("tool.js");
    granted("home/keys/tool.js", "closure of tool.js: program");
    ck_assert_ptr_null(fx_grant(GRANT_READ, fx_path("home/keys")));
    ck_assert(fx_noted("holds credentials"));

    program("home/.config/agentjail/bin/tool.js", cli);
    fx_file("home/.config/agentjail/package.json", "{}");
    set_path("home/.config/agentjail/bin", "none");
    fx_ok("tool.js");
    ck_assert_ptr_null(fx_grant(GRANT_READ, fx_path("home/.config/agentjail")));
}
END_TEST

/* The payload of an earlier run chooses nothing. */
START_TEST(test_writable_places)
{
    fx_file("home/secret/package.json", "{}");
    program("home/secret/tool.js", cli);
    link_to("work/tree/tool", fx_path("home/secret/tool.js"));
    fx_ok("./tool");
    ck_assert_uint_eq(fx_count(GRANT_READ) + fx_count(GRANT_EXEC), 0);
    link_to("home/bin/tool", fx_path("work/tree/tool"));
    set_path("home/bin", "none");
    fx_ok("tool");
    ck_assert_uint_eq(fx_count(GRANT_READ) + fx_count(GRANT_EXEC), 0);

    char text[PATH_MAX + 64];
    snprintf(text, sizeof(text), "#!%s\n", fx_path("home/secret/tool.js"));
    program("work/tree/script", text);
    fx_ok("./script");
    ck_assert_uint_eq(fx_count(GRANT_READ) + fx_count(GRANT_EXEC), 0);
}
END_TEST

START_TEST(test_hidden_stays_hidden)
{
    char text[PATH_MAX + 64];
    snprintf(text, sizeof(text), "[files]\nread = %s\nhide = %s\n", fx_path("home"), fx_path("home/apps"));
    fx_default(text);
    elf("home/apps/tool");
    set_path("home/apps", "none");
    fx_ok("tool");
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 0);
    ck_assert(fx_noted("hides"));
}
END_TEST

START_TEST(test_ceiling)
{
    elf("home/apps/tool");
    set_path("home/apps", "none");
    fx_file(CEILING("a.ini"), "[files]\nexec = /usr\n");
    fx_refused("closure of tool: program: exec: ", "tool");
    fx_refused("goes beyond the ceiling in ", "tool");
}
END_TEST

START_TEST(test_wrappers)
{
    elf("usr/bin/snap");
    link_to("snap/code", fx_path("usr/bin/snap"));
    set_path("snap", "none");
    fx_refused("is a snap", "code");
    program("home/.local/share/flatpak/exports/bin/org.x", "#!/bin/sh\n");
    fx_refused("is a flatpak", fx_path("home/.local/share/flatpak/exports/bin/org.x"));
    link_to("snap/root", fx_path("usr/bin/sudo"));
    elf("usr/bin/sudo");
    fx_refused("becomes another user", "root");
}
END_TEST

START_TEST(test_system_programs_are_the_profiles)
{
    fx_ok("true");
    ck_assert_uint_eq(fx_count(GRANT_READ) + fx_count(GRANT_EXEC), 0);
    fx_default("[files]\nexec = /usr\nexec = /bin\n");
    fx_ok("true");
    ck_assert_ptr_null(fx.policy.command_path);
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 2);
    ck_assert_uint_eq(fx.policy.path_dirs.n, 0);
    fx_ok("agentjail-no-such-command");
    ck_assert_ptr_null(fx.policy.command_path);
}
END_TEST

START_TEST(test_heads)
{
    static const struct {
        const char *text, *interpreter, *argument, *second, *env;
    } samples[] = {
        { "#!/bin/sh\n", "/bin/sh", "", "", "" },
        { "#! /usr/bin/env  node \r\nx", "/usr/bin/env", "node", "", "node" },
        { "#!/usr/bin/env -S A=b deno run -A", "/usr/bin/env", "-S A=b deno run -A", "", "deno" },
        { "#!/usr/bin/env -vSnode", "/usr/bin/env", "-vSnode", "", "node" },
        { "#!/usr/bin/env -S -u X -i python3", "/usr/bin/env", "-S -u X -i python3", "", "python3" },
        { "#!/usr/bin/env --split-string=bun x", "/usr/bin/env", "--split-string=bun x", "", "bun" },
        { "#!/bin/sh\n'''exec' \"/a b/python\" \"$0\"\n", "/bin/sh", "", "/a b/python", "" },
        { "#!/bin/sh\n'''exec' /a/python \"$0\"\n", "/bin/sh", "", "/a/python", "" },
        { "#!", "", "", "", "" },
        { "plain", "", "", "", "" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct program_head head;
        char env[PROGRAM_HEAD_TEXT];
        program_head_parse(samples[i].text, strlen(samples[i].text), &head);
        program_head_env(head.argument, env, sizeof(env));
        ck_assert_str_eq(head.interpreter, samples[i].interpreter);
        ck_assert_str_eq(head.argument, samples[i].argument);
        ck_assert_str_eq(head.second, samples[i].second);
        ck_assert_str_eq(env, samples[i].env);
    }
    char data[PROGRAM_HEAD_BYTES];
    struct program_head head;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, data, sizeof(data));
    close(fd);
    ck_assert_int_gt(n, 0);
    program_head_parse(data, (size_t)n, &head);
    ck_assert_int_eq(head.kind, PROGRAM_ELF);
    ck_assert_msg(head.interpreter[0] == '/' && strstr(head.interpreter, "ld"), "loader: %s", head.interpreter);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("closure");
    TCase *tc = fx_case(s, "closure");
    tcase_add_test(tc, test_npm_below_nvm);
    tcase_add_test(tc, test_npm_prefix_and_other_node);
    tcase_add_test(tc, test_pipx_with_another_python);
    tcase_add_test(tc, test_single_files_and_versions);
    tcase_add_test(tc, test_rustup_and_shims);
    tcase_add_test(tc, test_mise_without_its_variables);
    tcase_add_test(tc, test_bounds);
    tcase_add_test(tc, test_writable_places);
    tcase_add_test(tc, test_hidden_stays_hidden);
    tcase_add_test(tc, test_ceiling);
    tcase_add_test(tc, test_wrappers);
    tcase_add_test(tc, test_system_programs_are_the_profiles);
    tcase_add_test(tc, test_heads);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
