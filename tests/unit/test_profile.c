/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From files and command line to a policy: which files are read, how their settings add up, what is refused. */
#include "profile_fixture.h"

#include <sched.h>
#include <sys/wait.h>

/* --- settings of one file --- */

START_TEST(test_defaults)
{
    fx_default("");
    fx_ok("true");
    const struct policy *p = &fx.policy;
    ck_assert_str_eq(p->name, "default");
    ck_assert_int_eq(p->backend, BACKEND_NAMESPACE);
    ck_assert_int_eq(p->network, NETWORK_NONE);
    ck_assert_int_eq(p->terminal, TERMINAL_SAFE);
    ck_assert_int_eq(p->home, HOME_TEMPORARY);
    ck_assert(!p->nested && !p->strict && !p->quiet);
    ck_assert_str_eq(p->filter.value, "default");
    ck_assert(!p->filter.optional);
    ck_assert_str_eq(p->landlock.value, "on");
    ck_assert(p->landlock.optional);
    ck_assert_ptr_null(p->label.value);
    ck_assert(!p->memory.set && !p->cpu.set && !p->processes.set && !p->time.set);
    ck_assert_str_eq(p->home_target, fx_path("home"));
    ck_assert_ptr_null(p->network_origin.file);
    ck_assert_uint_eq(p->n_grants, 1); /* the workspace */
    ck_assert_str_eq(p->user, "tester");
}
END_TEST

START_TEST(test_every_kind_of_value)
{
    fx_default("[profile]\ndescription = A ; b\n[isolation]\nfilter = -other\nlabel = my.label\nlandlock = off\nnested "
               "= allow\n"
               "terminal = full\n[network]\nmode = host\n[files]\nhome = persistent\nworkspace = none\n"
               "read = /r\nwrite = -/w\nexec = /x\nhide = /h\nscratch = /s\ncopy-on-write = /o\ndevice = -/dev/kvm\n"
               "[limits]\nmemory = -2G\ncpu = 1.5\nprocesses = 100\ntime = 1h\n[env]\nLANG\nLC_*\nA = b\n");
    fx_ok("true");
    const struct policy *p = &fx.policy;
    ck_assert_str_eq(p->description, "A ; b");
    ck_assert(p->filter.optional && strcmp(p->filter.value, "other") == 0);
    ck_assert(!p->label.optional && strcmp(p->label.value, "my.label") == 0);
    ck_assert_ptr_null(p->landlock.value);
    ck_assert(p->nested);
    ck_assert_int_eq(p->terminal, TERMINAL_FULL);
    ck_assert_int_eq(p->network, NETWORK_HOST);
    ck_assert_int_eq(p->network_origin.line, 10);
    ck_assert_str_eq(p->network_origin.file, fx_path(PACKAGED("default.ini")));
    ck_assert_str_eq(p->home_source, fx_path("home/.local/share/agentjail/homes/default"));
    ck_assert_ptr_null(p->workspace);
    ck_assert_ptr_null(p->workspace_note); /* asked for */
    static const struct {
        enum grant_kind kind;
        const char *path;
        bool optional;
    } grants[] = {
        { GRANT_READ, "/r", false },        { GRANT_WRITE, "/w", true },    { GRANT_EXEC, "/x", false },
        { GRANT_HIDE, "/h", false },        { GRANT_SCRATCH, "/s", false }, { GRANT_OVERLAY, "/o", false },
        { GRANT_DEVICE, "/dev/kvm", true },
    };
    ck_assert_uint_eq(p->n_grants, ELEMENTSOF(grants));
    for (size_t i = 0; i < ELEMENTSOF(grants); i++) {
        ck_assert_int_eq(p->grants[i].kind, grants[i].kind);
        ck_assert_str_eq(p->grants[i].path, grants[i].path);
        ck_assert(p->grants[i].optional == grants[i].optional);
        ck_assert_uint_eq(p->grants[i].origin.line, 14 + i);
    }
    ck_assert(p->memory.set && p->memory.optional && p->memory.value == 2ULL << 30);
    ck_assert(p->cpu.set && !p->cpu.optional && p->cpu.value == 150);
    ck_assert_uint_eq(p->processes.value, 100);
    ck_assert_uint_eq(p->time.value, 3600000);
    ck_assert_ptr_null(fx_env("LANG")->value);
    ck_assert_ptr_nonnull(fx_env("LC_*"));
    ck_assert_str_eq(fx_env("A")->value, "b");
}
END_TEST

/* Each: the text of default.ini behind its directory, and what the message says behind "default.ini:". */
START_TEST(test_bad_files)
{
    static const struct {
        const char *text, *want;
    } samples[] = {
        { "[files]\nreed = /a\n", "2: reed: unknown key in [files]; did you mean read?" },
        { "[limits]\ntimeout = 3s\n", "2: timeout: unknown key in [limits]; did you mean time?" },
        { "[files]\nmode = none\n", "2: mode: unknown in [files]; it belongs to [network]" },
        { "[files]\nzzzzzz = 1\n", "2: zzzzzz: unknown key in [files]; see" },
        { "[network]\nmode = none\n\nmode = host\n", "4: mode: written twice, first in line 2" },
        { "[network]\nmode = hots\n",
          "2: mode: \"hots\" is none of its values; write none, filtered, open or host; did you mean host" },
        { "[network]\nmode =\n", "2: mode: \"\" is none of its values" },
        { "[network]\nmode\n", "2: mode: no '='" },
        { "[isolation]\nstrict = maybe\n", "2: strict: \"maybe\" is none" },
        { "[isolation]\nlandlock = perhaps\n", "2: landlock: \"perhaps\" is none of its values; write on, -on or off" },
        { "[isolation]\nlandlock = -off\n", "2: landlock: \"-off\" is none" },
        { "[isolation]\nfilter = a b\n", "2: filter: \"a b\" is no name" },
        { "[isolation]\nlabel = -\n", "2: label: \"-\" is no name" },
        { "[limits]\nmemory = lots\n", "2: memory: \"lots\" cannot be its value; write a size such as 2G" },
        { "[limits]\nprocesses = 0\n", "2: processes: \"0\" cannot be" },
        { "[limits]\nprocesses = 99999999999999999999\n", "2: processes: \"99999999999999999999\" is too large" },
        { "[limits]\ntime = -5m\n", "2: time: every host can hold this one" },
        { "[files]\nread = etc\n", "2: read: \"etc\" is relative; write an absolute path" },
        { "[files]\nread = -\n", "2: read: no path" },
        { "[files]\nread = /a/../b\n", "2: read: \"..\" inside a path" },
        { "[files]\nread = ~bob/x\n", "2: read: \"~bob/x\" names another user's home" },
        { "[files]\nread = ${HMOE}/x\n", "2: read: ${HMOE} is unknown; there are HOME" },
        { "[files]\nread = ${HOME/x\n", "2: read: \"${\" without \"}\"" },
        { "[files]\ndevice = /etc/x\n", "2: device: /etc/x is not below /dev" },
        { "[files]\nhide = /\n", "2: hide: the root directory cannot be hidden" },
        { "[files]\nprotect = ../x\n", "2: protect: \"../x\" leads out of the workspace" },
        { "[files]\nunprotect = /nothing\n", "2: unprotect: /nothing is not on the protect list" },
        { "[files]\nworkspace = here\n", "2: workspace: \"here\" is no absolute path" },
        { "[files]\nworkspace = /nonexistent/x\n", "2: workspace: /nonexistent/x cannot be the workspace" },
        { "[env]\n9A = b\n", "2: 9A: not a variable" },
        { "[env]\nA* = b\n", "2: A*: not a variable" },
        { "[env]\nA.B\n", "2: A.B: not a variable" },
        { "[ceiling]\nrequire = memory\n", "2: require: belongs to a file in policy.d" },
        { "[profile]\ninclude = ../x\n", "2: include: \"../x\" is no name" },
        { "[profile]\ninclude =\n", "2: include: no name" },
        { "[profile]\ninclude = nowhere\n", "2: include: there is no profile file \"nowhere\" in" },
        { "[isolation]\nbackend = microvm\n", "2: backend: whether KVM truly works here" },
        { "[isolation]\nbackend = auto\n", "2: backend: nothing chooses between" },
        { "[files]\nread = /a\n x\n", "3: indented line" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        fx_default(samples[i].text);
        char want[PATH_MAX];
        snprintf(want, sizeof(want), "%s:%s", fx_path(PACKAGED("default.ini")), samples[i].want);
        ck_assert_msg(fx_load("true") < 0, "taken: %s", samples[i].text);
        ck_assert_msg(strncmp(fx.why.data, want, strlen(want)) == 0, "%s\n  does not begin with\n%s", fx.why.data,
                      want);
    }
}
END_TEST

START_TEST(test_bad_command_lines)
{
    fx_refused("--network=hots: \"hots\" is none of its values", "--network=hots", "x");
    fx_refused("--open-url=yes: \"yes\" is none of its values", "--network=filtered", "--open-url=yes", "x");
    fx_refused("--memory=x: \"x\" cannot be its value", "--memory=x", "x");
    fx_refused("--env=1A: not a variable", "--env=1A=x", "x");
    fx_refused("--env==x: no name before the '='; write --env=NAME=VALUE", "--env==x", "x");
    fx_refused("--env==: no name", "--env", "=", "x");
    fx_refused("--read=${X}/a: ${X} is unknown", "--read=${X}/a", "x");
    fx_refused("--include=nowhere: there is no profile file", "--include=nowhere", "x");
    fx_refused("--profile=nowhere: there is no such profile in", "--profile=nowhere", "x");
    fx_refused("; agentjail --profiles lists those that there are", "--profile=nowhere", "x");
    fx_refused("; did you mean default?", "--profile=defualt", "x");
    fx_refused("--profile=a b: no name of a profile", "--profile=a b", "x");
    fx_refused("--profile=./no.ini: there is no such file", "--profile=./no.ini", "x");
}
END_TEST

START_TEST(test_paths)
{
    char longest[5000], text[6000];
    fx_ok("--read=/a//b/./c/", "--read=rel", "--read=./x/.", "--read=../up", "--read=../../etc", "--read=-../gone",
          "--hide=in/ws", "--read=/new\nline", "--read=~", "--read=~/x", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/a/b/c"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("work/tree/rel")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("work/tree/x")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("work/up")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("etc")));
    ck_assert(fx_grant(GRANT_READ, fx_path("work/gone"))->optional);
    ck_assert_ptr_nonnull(fx_grant(GRANT_HIDE, fx_path("work/tree/in/ws")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/new\nline"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/x")));
    fx_refused("\"..\" inside", "--read=a/../b", "x");

    memset(longest, 'a', sizeof(longest));
    for (size_t i = 0; i < sizeof(longest); i += 200)
        longest[i] = '/';
    longest[4095] = '\0';
    snprintf(text, sizeof(text), "--read=%s", longest);
    fx_ok(text, "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, longest));
    snprintf(text, sizeof(text), "--read=%sa", longest);
    fx_refused("longer than 4095", text, "x");
    snprintf(text, sizeof(text), "[files]\nread = -%s\n", longest);
    fx_default(text);
    fx_ok("x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, longest));
}
END_TEST

START_TEST(test_no_current_directory)
{
    fx.host.cwd = NULL;
    ck_assert_int_eq(chdir(fx_path("work/tree")), 0);
    ck_assert_int_eq(rmdir(fx_path("work/tree")), 0);
    fx_ok("x");
    ck_assert(fx_noted("no longer exists"));
    ck_assert_ptr_null(fx.policy.workspace);
    fx_refused("current directory no longer exists", "--read=x", "x");
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* --- expansion --- */

START_TEST(test_expansion)
{
    char uid[64];
    fx_setenv("XDG_CACHE_HOME", "/c/ache/");
    fx_setenv("XDG_RUNTIME_DIR", NULL);
    snprintf(uid, sizeof(uid), "/run/user/%u/x", (unsigned)getuid());
    fx_default(
        "[files]\nread = ${HOME}/a\nread = ~/b\nread = ~\nread = ${WORKSPACE}/c\nread = ${XDG_CACHE_HOME}/d\n"
        "read = ${XDG_CONFIG_HOME}/e\nread = ${XDG_DATA_HOME}/f\nread = ${XDG_STATE_HOME}/g\nread = "
        "-/h/${USER}-${USER}\n"
        "read = /u/${UID}\nread = /i/~\nread = /$/j$HOME\nread = -${XDG_RUNTIME_DIR}/x\n[env]\nV = ${HOME}:${USER}\n");
    fx_ok("--read=${HOME}/k", "--env=W=${HOME}", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/a")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/b")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("work/tree/c")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/c/ache/d"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/.config/e")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/.local/share/f")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/.local/state/g")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/h/tester-tester"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/i/~"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/$/j$HOME"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, uid));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("home/k")));
    ck_assert_str_eq(fx_env("V")->value, fx_path("home:tester"));
    ck_assert_str_eq(fx_env("W")->value, "${HOME}"); /* the shell's matter */
}
END_TEST

START_TEST(test_environment_is_not_trusted_blindly)
{
    fx_setenv("XDG_CONFIG_HOME", "relative");
    fx_refused("XDG_CONFIG_HOME is \"relative\" in the environment", "x");
    fx_setenv("XDG_CONFIG_HOME", "/a/../b");
    fx_refused("XDG_CONFIG_HOME is", "x");
    fx_setenv("XDG_CONFIG_HOME", ""); /* counts as unset */
    fx_ok("x");

    fx_default("[files]\nread = ${HOME}/a\n");
    fx_setenv("HOME", "relative"); /* then the passwd database's, or none */
    if (fx_load("x") == 0)
        ck_assert_ptr_null(strstr(fx.policy.grants[fx.policy.n_grants - 1].path, "relative"));
    fx.host.uid = 4000000000U; /* nobody's */
    if (getuid() == 0)         /* else the files would be another's */
        fx_refused("${HOME} has no value here", "x");
}
END_TEST

START_TEST(test_home_of_services)
{
    fx_setenv("HOME", "/usr/sbin");
    fx_setenv("XDG_CONFIG_HOME", fx_path("home/.config"));
    fx_ok("x");
    ck_assert_str_eq(fx.policy.home_target, "/home/agent");
}
END_TEST

/* --- lists --- */

START_TEST(test_lists_add_up_and_can_be_emptied)
{
    fx_default("[files]\nread = /a\nread = /b\nwrite = /c\n[env]\nA\nB\n");
    fx_ok("--read=/d", "x");
    ck_assert_uint_eq(fx_count(GRANT_READ), 3);
    fx_ok("--read=", "--read=/e", "x");
    ck_assert_uint_eq(fx_count(GRANT_READ), 1);
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/e"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_WRITE, "/c")); /* another list */
    ck_assert_ptr_nonnull(fx_grant(GRANT_WRITE, fx_path("work/tree")));
    fx_ok("--write=", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_WRITE, fx_path("work/tree"))); /* the workspace is no entry of it */
    ck_assert_ptr_null(fx_grant(GRANT_WRITE, "/c"));
    fx_ok("--env=", "--env=C", "x");
    ck_assert_uint_eq(fx.policy.n_env, 1);
    fx_default("[files]\nread = /a\nread =\nread = /b\n[env]\nA\nB = 1\n-A\nB = 2\nC =\n");
    fx_ok("x");
    ck_assert_uint_eq(fx_count(GRANT_READ), 1);
    ck_assert_ptr_null(fx_env("A"));
    ck_assert_str_eq(fx_env("B")->value, "2");
    ck_assert_str_eq(fx_env("C")->value, "");
}
END_TEST

START_TEST(test_last_word_for_a_path_holds)
{
    fx_default("[files]\nread = /a\nwrite = /a\nexec = /a\nexec = /a\nprotect = /p\nprotect = -/p\n");
    fx_ok("x");
    ck_assert_ptr_null(fx_grant(GRANT_READ, "/a"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_WRITE, "/a"));
    ck_assert_uint_eq(fx_count(GRANT_EXEC), 1); /* another matter than read and write */
    ck_assert_uint_eq(fx_count(GRANT_PROTECT), 1);
    fx_ok("--read=/a", "--read=.", "x");
    ck_assert_ptr_null(fx_grant(GRANT_WRITE, "/a"));
    ck_assert_ptr_null(fx_grant(GRANT_WRITE, fx_path("work/tree"))); /* a read-only workspace */
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, fx_path("work/tree")));
}
END_TEST

START_TEST(test_protect)
{
    fx_default("[files]\nprotect = -.git/hooks\nprotect = /abs\nprotect = ${WORKSPACE}/x\n");
    fx_ok("x");
    ck_assert(fx_grant(GRANT_PROTECT, fx_path("work/tree/.git/hooks"))->optional);
    ck_assert_uint_eq(fx_count(GRANT_PROTECT), 3);
    fx_ok("--unprotect=.git/hooks", "--unprotect=/abs", "x");
    ck_assert_uint_eq(fx_count(GRANT_PROTECT), 1);
    fx_refused("--unprotect=.git/hook: ", "--unprotect=.git/hook", "x");
    fx_ok("--unprotect=-.git/hook", "x");
    fx_ok("--protect=", "x");
    ck_assert_uint_eq(fx_count(GRANT_PROTECT), 0);
    fx_ok("--workspace=none", "--unprotect=.git/hooks", "x"); /* what hangs on the workspace falls away with it */
    ck_assert_uint_eq(fx_count(GRANT_PROTECT), 1);
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, "/abs"));
}
END_TEST

START_TEST(test_scalars_of_later_layers_hold)
{
    fx_default("[network]\nmode = host\n[limits]\nmemory = 1G\n[isolation]\nfilter = -x\nstrict = yes\n");
    fx_ok("--network=none", "--memory=2G", "--memory=", "--filter=", "--strict=no", "x");
    ck_assert_int_eq(fx.policy.network, NETWORK_NONE);
    ck_assert_str_eq(fx.policy.network_origin.file, "command line");
    ck_assert_uint_eq(fx.policy.network_origin.line, 0);
    ck_assert(!fx.policy.memory.set);
    ck_assert_str_eq(fx.policy.filter.value, "default");
    ck_assert(!fx.policy.filter.optional);
    ck_assert(!fx.policy.strict);
}
END_TEST

START_TEST(test_strict_requires_all)
{
    fx_default(
        "[isolation]\nfilter = -x\nlabel = -y\nlandlock = -on\n[limits]\nmemory = -1G\ncpu = -1\nprocesses = -5\n");
    fx_ok("x");
    ck_assert(fx.policy.filter.optional && fx.policy.label.optional && fx.policy.landlock.optional);
    ck_assert(fx.policy.memory.optional && fx.policy.cpu.optional && fx.policy.processes.optional);
    fx_ok("--strict", "x");
    ck_assert(fx.policy.strict);
    ck_assert(!fx.policy.filter.optional && !fx.policy.label.optional && !fx.policy.landlock.optional);
    ck_assert(!fx.policy.memory.optional && !fx.policy.cpu.optional && !fx.policy.processes.optional);
}
END_TEST

/* What would let the command run where the limit cannot be held. */
static void advises_memory(const char *what)
{
    _cleanup_buf_ struct buf advice = { 0 };
    const struct limit *limit = &fx.policy.memory;
    ck_assert(limit->set && !limit->optional);
    ck_assert_int_eq(origin_advise(&advice, &limit->origin, &limit->required, "memory", "1G"), 0);
    ck_assert_msg(strstr(advice.data, what), "\"%s\" lacks \"%s\"", advice.data, what);
}

START_TEST(test_advice_is_what_would_help)
{
    fx_default("[limits]\nmemory = 1G\n");
    fx_ok("x");
    advises_memory("; or write memory = -1G to run without it");
    fx_ok("--memory=1G", "x");
    advises_memory("; or write --memory=-1G to run without it");
    fx_ok("--memory=1G", "--strict", "x");
    advises_memory("; or write --memory=-1G and leave out --strict to run");
    fx_ok("--memory=-1G", "--strict", "x"); /* never what is written already */
    advises_memory("; or leave out --strict to run");
    fx_default("[isolation]\nstrict = yes\n[limits]\nmemory = -1G\n");
    fx_ok("x");
    advises_memory("; or write strict = no at ");
    advises_memory("default.ini:2 to run");
}
END_TEST

START_TEST(test_no_advice_against_a_ceiling)
{
    fx_file(CEILING("10.ini"), "[limits]\nmemory = 1G\n");
    fx_ok("x");
    advises_memory("policy.d/10.ini:2 lets nobody run without it");
    fx_ok("--memory=-512M", "--strict", "x");
    advises_memory("policy.d/10.ini:2 lets nobody run without it");
    fx_file(CEILING("10.ini"), "[isolation]\nstrict = yes\n");
    fx_ok("--memory=-512M", "--strict", "x");
    advises_memory("policy.d/10.ini:2 lets nobody run without it");
}
END_TEST

/* In a user namespace without a mapping every file seems to belong to the overflow id, which is what root's seem to. */
START_TEST(test_unmapped_root)
{
    fx_default("[limits]\nprocesses = 9\n");
    fx_file(CEILING("10.ini"), "[limits]\nmemory = 1G\n");
    fx_ok("x");
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWUSER) < 0)
            _exit(77);
        fx.host.uid = 4711; /* no owner of these files */
        bool system = fx_load("x") == 0 && fx.policy.memory.set && fx.policy.memory.value == 1 << 30;
        fx_file(USER("p.ini"), "[limits]\nprocesses = 9\n");
        bool user = fx_load("--profile=p", "x") < 0 &&
                    strstr(fx.why.data, "belongs to another user");
        _exit(system && user ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
    fx.host.uid = 4711;
    if (geteuid() != 0) /* control: outside they are somebody's (root's are trusted) */
        fx_refused("belongs to another user", "x");
}
END_TEST

/* --- where files come from --- */

START_TEST(test_first_found_profile)
{
    fx_file(PACKAGED("p.ini"), "[files]\nread = /packaged\n");
    fx_ok("--profile=p", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/packaged"));
    ck_assert_str_eq(fx.policy.name, "p");
    ck_assert_str_eq(fx.policy.profile_origin.file, fx_path(PACKAGED("p.ini")));
    fx_file(ADMIN("p.ini"), "[files]\nread = /admin\n");
    fx_ok("--profile=p", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/admin"));
    ck_assert_ptr_null(fx_grant(GRANT_READ, "/packaged"));
    fx_file(USER("p.ini"), "[files]\nread = /user\n");
    fx_ok("--profile=p", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/user"));
    ck_assert_uint_eq(fx_count(GRANT_READ), 1);
    fx_setenv("XDG_CONFIG_HOME", fx_path("other")); /* where the user's directory is */
    fx_ok("--profile=p", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/admin"));
}
END_TEST

START_TEST(test_includes)
{
    fx_file(PACKAGED("include/part.ini"), "[files]\nread = /part\n[network]\nmode = host\n");
    fx_file(PACKAGED("whole.ini"), "[files]\nread = /whole\n");
    fx_default("[profile]\ninclude = part\ninclude = -nowhere\ninclude = whole\n[network]\nmode = none\n");
    fx_ok("x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/part"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/whole"));
    ck_assert_int_eq(fx.policy.network, NETWORK_NONE); /* not "written twice": another file */
    ck_assert_str_eq(fx_grant(GRANT_READ, "/part")->origin.file, fx_path(PACKAGED("include/part.ini")));
    ck_assert_uint_eq(fx_grant(GRANT_READ, "/part")->origin.line, 2);

    fx_file(USER("include/part.ini"), "[files]\nread = /mine\n");
    fx_ok("--include=whole", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/mine"));
    ck_assert_ptr_null(fx_grant(GRANT_READ, "/part"));

    fx_default("[network]\nmode = none\n[profile]\ninclude = part2\n"); /* acts where it stands */
    fx_file(PACKAGED("include/part2.ini"), "[network]\nmode = host\n");
    fx_ok("x");
    ck_assert_int_eq(fx.policy.network, NETWORK_HOST);
    fx_file(PACKAGED("include/part2.ini"), "[profile]\nmatch = x\n");
    fx_refused("part2.ini:2: match: only in a profile's own file", "x");

    /* a profile by itself: what it says about itself does not come along */
    fx_file(PACKAGED("base.ini"), "[profile]\ndescription = base\nmatch = y\n[files]\nread = /based\n");
    fx_default("[profile]\ndescription = mine\ninclude = base\n");
    fx_ok("x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/based"));
    ck_assert_str_eq(fx.policy.description, "mine");
    fx_file(USER("default.ini"), "[profile]\ninclude = default\n");
    fx_ok("x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/based"));
    ck_assert_ptr_null(fx.policy.description);
}
END_TEST

START_TEST(test_include_of_ones_own_name_is_the_next_one)
{
    fx_default("[files]\nread = /packaged\n");
    fx_file(USER("default.ini"), "[profile]\ninclude = default\n[files]\nread = /mine\n");
    fx_ok("x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/packaged"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/mine"));
}
END_TEST

START_TEST(test_include_cycles)
{
    fx_default("[profile]\ninclude = default\n");
    fx_refused("default.ini:2: include: the file includes itself", "x");
    fx_default("[profile]\ninclude = b\n");
    fx_file(PACKAGED("b.ini"), "[profile]\ninclude = c\n");
    fx_file(PACKAGED("c.ini"), "[profile]\ninclude = b\n");
    fx_refused("b.ini: includes itself by way of", "x");

    char name[32], text[64];
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "share/profiles/d%d.ini", i);
        snprintf(text, sizeof(text), "[profile]\ninclude = d%d\n", i + 1);
        fx_file(name, text);
    }
    fx_refused("d8.ini:2: include: more than 8 includes", "--profile=d0", "x");
    /* a fan of includes: bounded, too */
    fx_file(PACKAGED("include/leaf.ini"), "");
    for (int i = 0; i < 4; i++) {
        struct buf many = { 0 };
        buf_str(&many, "[profile]\n");
        for (int j = 0; j < 20; j++)
            buf_printf(&many, i ? "include = fan%d\n" : "include = leaf\n", i - 1);
        snprintf(name, sizeof(name), "share/profiles/fan%d.ini", i);
        fx_file(name, many.data);
        buf_free(&many);
    }
    fx_refused("more than 200 files", "--profile=fan3", "x");
}
END_TEST

START_TEST(test_dropins)
{
    fx_default("[files]\nread = /base\n[network]\nmode = none\n");
    fx_file(PACKAGED("default.d/50-b.ini"), "[files]\nread = /packaged50\n");
    fx_file(ADMIN("default.d/10-a.ini"), "[files]\nread = /admin10\n[network]\nmode = host\n");
    fx_file(USER("default.d/90-c.ini"), "[files]\nread = /user90\n[network]\nmode = none\n");
    fx_file(USER("default.d/50-b.ini"), "[files]\nread = /user50\n"); /* hides the packaged one */
    fx_file(USER("default.d/notes.txt"), "nonsense");
    fx_file(USER("default.d/.hidden.ini"), "nonsense");
    fx_file(USER("other.d/1.ini"), "[files]\nread = /other\n");
    fx_ok("x");
    static const char *const order[] = { "/base", "/admin10", "/user50", "/user90" };
    ck_assert_uint_eq(fx_count(GRANT_READ), 4);
    for (size_t i = 0, j = 0; i < fx.policy.n_grants; i++)
        if (fx.policy.grants[i].kind == GRANT_READ)
            ck_assert_str_eq(fx.policy.grants[i].path, order[j++]);
    ck_assert_int_eq(fx.policy.network, NETWORK_NONE);
    fx_file(USER("default.d/95.ini"), "[profile]\ndescription = x\n");
    fx_refused("95.ini:2: description: only in a profile's own file", "x");
}
END_TEST

START_TEST(test_directories_that_others_write)
{
    fx_file(USER("p.ini"), "[files]\nread = /a\n");
    fx_ok("--profile=p", "x");
    chmod(fx_path("home/.config/agentjail/profiles"), 0777);
    fx_refused("home/.config/agentjail/profiles: this directory may be written by everybody; chmod o-w", "x");
    chmod(fx_path("home/.config/agentjail/profiles"), 0755);
    chmod(fx_path("home/.config/agentjail"), 0707);
    fx_refused("lies in one that may be written by everybody", "x");
    chmod(fx_path("home/.config/agentjail"), 0700);
    fx_ok("--profile=p", "x");
    chmod(fx_path(USER("p.ini")), 0666);
    fx_refused("p.ini: may be written by everybody; chmod o-w", "--profile=p", "x");
    chmod(fx_path(USER("p.ini")), 0644);
    if (getuid() == 0) {
        ck_assert_int_eq(chown(fx_path(USER("p.ini")), 1, 1), 0);
        fx_refused("p.ini: belongs to another user", "--profile=p", "x");
        ck_assert_int_eq(chown(fx_path(USER("p.ini")), 0, 1), 0);
        chmod(fx_path(USER("p.ini")), 0664);
        fx_refused("p.ini: may be written by its group; chmod g-w", "--profile=p", "x");
        chmod(fx_path(USER("p.ini")), 0644);
        fx_ok("--profile=p", "x");
    }
    /* a source tree is as trustworthy as the binary in it */
    chmod(fx_path("share/profiles"), 0777);
    fx_refused("share/profiles: this directory", "x");
    fx.host.uninstalled = true;
    fx_ok("x");
}
END_TEST

START_TEST(test_odd_files)
{
    ck_assert_int_eq(mkfifo(fx_path("share/profiles/fifo.ini"), 0644), 0);
    fx_refused("fifo.ini: is no regular file", "--profile=fifo", "x");
    fx_dir("share/profiles/dir.ini");
    fx_refused("dir.ini: is no regular file", "--profile=dir", "x");
    ck_assert_int_eq(symlink("nowhere", fx_path("share/profiles/dangling.ini")), 0);
    fx_refused("there is no such profile", "--profile=dangling", "x");
    if (getuid() != 0) {
        fx_file(PACKAGED("secret.ini"), "");
        chmod(fx_path(PACKAGED("secret.ini")), 0);
        fx_refused("secret.ini: cannot be read: Permission denied", "--profile=secret", "x");
    }
    size_t len = (1 << 20) + 1;
    char *big = malloc(len);
    memset(big, '\n', len);
    fx_bytes(fx_path(PACKAGED("big.ini")), big, len);
    free(big);
    fx_refused("big.ini: file is larger", "--profile=big", "x");
    fx_bytes(fx_path(PACKAGED("nul.ini")), "[files]\nread = /\0\n", 18);
    fx_refused("nul.ini:2: NUL byte", "--profile=nul", "x");
}
END_TEST

/* --- match --- */

START_TEST(test_match)
{
    fx_file(PACKAGED("agent.ini"), "[profile]\nmatch = claude  claude-code\nmatch = node-*\n");
    fx_file(PACKAGED("zz.ini"), "[profile]\nmatch = node-gyp\n");
    static const struct {
        const char *command, *profile;
    } samples[] = {
        { "claude", "agent" },  { "claude-code", "agent" }, { "/usr/bin/claude", "agent" },
        { "claud", "default" }, { "claude ", "default" },   { "node-x", "agent" },
        { "node-gyp", "zz" },   { "agent", "default" },     { "*", "default" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        fx_ok((char *)(uintptr_t)samples[i].command);
        ck_assert_msg(strcmp(fx.policy.name, samples[i].profile) == 0, "%s got %s", samples[i].command, fx.policy.name);
    }
    fx_ok("--profile=default", "claude");
    ck_assert_str_eq(fx.policy.name, "default");

    fx_file(USER("mine.ini"), "[profile]\nmatch = claude\n"); /* the user's come first */
    fx_ok("claude");
    ck_assert_str_eq(fx.policy.name, "mine");
    unlink(fx_path(USER("mine.ini")));
    fx_file(USER("agent.ini"), "[profile]\nmatch =\n"); /* the profile of that name, and it matches nothing */
    fx_ok("claude");
    ck_assert_str_eq(fx.policy.name, "default");
    fx_file(USER("agent.ini"), "[profile]\nmatch = /usr/bin/claude\n");
    fx_refused("agent.ini:2: match: names of commands without directory", "claude");
    fx_file(USER("agent.ini"), "[profile]\nmatch = foo\nnonsense = key\n"); /* only read when chosen */
    fx_ok("x");
    fx_refused("agent.ini:3: nonsense: unknown key", "foo");
}
END_TEST

START_TEST(test_match_never_for_what_the_payload_may_have_put_there)
{
    fx_file(PACKAGED("agent.ini"), "[profile]\nmatch = claude\n[files]\nwrite = -/opt/tools\nread = /agent\n");
    fx_file("work/tree/claude", "#!/bin/sh\n");
    fx_file("bin/claude", "#!/bin/sh\n");
    chmod(fx_path("work/tree/claude"), 0755);
    chmod(fx_path("bin/claude"), 0755);

    fx_setenv("PATH", fx_path("bin"));
    fx_ok("claude");
    ck_assert_str_eq(fx.policy.name, "agent");
    ck_assert(!fx_noted("does not get the profile"));

    fx_ok("./claude");
    ck_assert_str_eq(fx.policy.name, "default");
    ck_assert_ptr_null(fx_grant(GRANT_READ, "/agent"));
    ck_assert(fx_noted("does not get the profile agent by its name; write --profile=agent"));
    fx_ok("--profile=agent", "./claude");
    ck_assert_str_eq(fx.policy.name, "agent");

    fx_setenv("PATH", fx_path("work/tree"));
    fx_ok("claude");
    ck_assert_str_eq(fx.policy.name, "default");

    ck_assert_int_eq(symlink(fx_path("work/tree/claude"), fx_path("bin/link")), 0); /* a link into the workspace */
    fx_file(PACKAGED("agent.ini"), "[profile]\nmatch = claude link\n");
    fx_setenv("PATH", fx_path("bin"));
    fx_ok("link");
    ck_assert_str_eq(fx.policy.name, "default");
    fx_file(PACKAGED("agent.ini"), "[profile]\nmatch = claude\n[files]\nwrite = /\nhide = /etc\n");
    fx_ok("claude");
    ck_assert_str_eq(fx.policy.name, "default");
}
END_TEST

/* --- nothing is read from where the payload writes --- */

START_TEST(test_profiles_in_the_workspace_are_refused)
{
    fx_file("work/tree/p.ini", "[files]\nread = /a\n");
    fx_file("work/p.ini", "[files]\nread = /a\n");
    fx_refused("work/tree/p.ini: lies in the workspace, where the command could rewrite it", "--profile=./p.ini", "x");
    fx_ok("--profile=../p.ini", "x");
    ck_assert_str_eq(fx.policy.name, "p");
    fx_refused("p.ini: lies in a writable grant", "--profile=../p.ini", "--workspace=none", "--write=..", "x");
    fx_ok("--profile=./p.ini", "--workspace=none", "x");
    fx_ok("--profile=./p.ini", "--read=.", "x"); /* read-only there */

    ck_assert_int_eq(symlink(fx_path("work/tree/p.ini"), fx_path("work/link.ini")), 0);
    fx_refused("link.ini: lies in the workspace", "--profile=../link.ini", "x");
    fx_dir("home/.config/agentjail/profiles");
    ck_assert_int_eq(symlink(fx_path("work/tree/p.ini"), fx_path(USER("q.ini"))), 0);
    fx_refused("q.ini: lies in the workspace", "--profile=q", "x");
    fx_file(USER("r.ini"), "[files]\nread = /a\n");
    fx_ok("--profile=r", "--write=~", "x"); /* masked whatever is granted */
    fx_file("work/tree/f.filter", "");
    fx_refused("f.filter: lies in the workspace", "--filter=./f.filter", "x");
    fx_ok("--filter=../f.filter", "x");
    ck_assert_str_eq(fx.policy.filter.value, fx_path("work/f.filter"));
}
END_TEST

START_TEST(test_packaged_profiles_stay_unchanged)
{
    fx_ok("x");
    ck_assert_uint_eq(fx_count(GRANT_PROTECT), 0);
    char write[PATH_MAX];
    snprintf(write, sizeof(write), "--write=%s", fx_path("share"));
    fx_ok(write, "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("share/profiles")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("share/seccomp")));
}
END_TEST

START_TEST(test_own_paths)
{
    fx_setenv("XDG_CACHE_HOME", fx_path("cache"));
    fx_ok("x");
    static const char *const own[] = { "home/.config/agentjail",
                                       "home/.local/share/agentjail",
                                       "home/.local/state/agentjail",
                                       "home/.cache/agentjail",
                                       "cache/agentjail",
                                       "etc/agentjail" };
    for (size_t i = 0; i < ELEMENTSOF(own); i++)
        ck_assert_msg(strv_has(&fx.policy.own_paths, fx_path("%s", own[i])), "%s is not masked", own[i]);
    ck_assert_str_eq(fx.policy.cache_dir, fx_path("cache/agentjail"));
    ck_assert_str_eq(fx.policy.filter_dirs[0], fx_path("home/.config/agentjail/seccomp"));
    ck_assert_str_eq(fx.policy.filter_dirs[1], fx_path("etc/agentjail/seccomp"));
    ck_assert_str_eq(fx.policy.filter_dirs[2], fx_path("share/seccomp"));
    ck_assert_ptr_null(fx.policy.filter_dirs[3]);
}
END_TEST

static bool protected(const char *path)
{
    for (size_t i = 0; i < fx.policy.n_grants; i++)
        if (fx.policy.grants[i].kind == GRANT_PROTECT && strcmp(fx.policy.grants[i].path, path) == 0)
            return true;
    return false;
}

/* The packaged profiles stay as they are whatever name the writable grant around them goes by, or they. */
START_TEST(test_packaged_are_protected)
{
    fx_dir("share/seccomp");
    fx_ok("true");
    ck_assert(!protected(fx_path("share/profiles"))); /* nothing writes there */
    char *write;
    ck_assert_int_ge(asprintf(&write, "--write=%s", fx_path("share")), 0);
    fx_ok(write, "true");
    ck_assert(protected(fx_path("share/profiles")) && protected(fx_path("share/seccomp")));
    free(write);

    ck_assert_int_eq(symlink(fx_path("share"), fx_path("link")), 0);
    ck_assert_int_ge(asprintf(&write, "--write=%s", fx_path("link")), 0);
    fx_ok(write, "true");
    ck_assert(protected(fx_path("share/profiles")) && protected(fx_path("share/seccomp")));
    free(write);

    char *linked;
    ck_assert_int_ge(asprintf(&linked, "%s/profiles", fx_path("link")), 0);
    fx.host.package_dir = linked;
    ck_assert_int_ge(asprintf(&write, "--write=%s", fx_path("share")), 0);
    fx_ok(write, "true");
    ck_assert(protected(fx_path("share/profiles")));
    free(write);
    free(linked);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("profile");
    TCase *tc = fx_case(s, "settings");
    tcase_add_test(tc, test_defaults);
    tcase_add_test(tc, test_packaged_are_protected);
    tcase_add_test(tc, test_every_kind_of_value);
    tcase_add_test(tc, test_bad_files);
    tcase_add_test(tc, test_bad_command_lines);
    tcase_add_test(tc, test_paths);
    tcase_add_test(tc, test_no_current_directory);
    tcase_add_test(tc, test_expansion);
    tcase_add_test(tc, test_environment_is_not_trusted_blindly);
    tcase_add_test(tc, test_home_of_services);
    tcase_add_test(tc, test_lists_add_up_and_can_be_emptied);
    tcase_add_test(tc, test_last_word_for_a_path_holds);
    tcase_add_test(tc, test_protect);
    tcase_add_test(tc, test_scalars_of_later_layers_hold);
    tcase_add_test(tc, test_strict_requires_all);
    tcase_add_test(tc, test_advice_is_what_would_help);
    tcase_add_test(tc, test_no_advice_against_a_ceiling);
    tcase_add_test(tc, test_unmapped_root);
    tc = fx_case(s, "files");
    tcase_add_test(tc, test_first_found_profile);
    tcase_add_test(tc, test_includes);
    tcase_add_test(tc, test_include_of_ones_own_name_is_the_next_one);
    tcase_add_test(tc, test_include_cycles);
    tcase_add_test(tc, test_dropins);
    tcase_add_test(tc, test_directories_that_others_write);
    tcase_add_test(tc, test_odd_files);
    tc = fx_case(s, "match");
    tcase_add_test(tc, test_match);
    tcase_add_test(tc, test_match_never_for_what_the_payload_may_have_put_there);
    tc = fx_case(s, "own files");
    tcase_add_test(tc, test_profiles_in_the_workspace_are_refused);
    tcase_add_test(tc, test_packaged_profiles_stay_unchanged);
    tcase_add_test(tc, test_own_paths);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
