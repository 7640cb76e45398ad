/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceilings: nobody widens what /etc/agentjail/policy.d says, and the message names both places. */
#include "profile_fixture.h"

#define ceiling(text) fx_file(CEILING("10.ini"), text)

/* Which programs may be run: nobody widens the list, or runs what is denied. */
START_TEST(test_programs)
{
    ceiling("[exec]\nallow = /usr/bin\ndeny = /usr/bin/su\n");
    fx_ok("x"); /* nobody wrote a list: the ceiling's is it */
    ck_assert_uint_eq(fx.policy.n_run_rules, 2);
    fx_ok("--exec-allow=/usr/bin/true", "x");
    ck_assert_uint_eq(fx.policy.n_run_rules, 2);
    fx_ok("--exec-allow=/usr/bin/true", "--exec-allow=", "--exec-deny=", "x");
    ck_assert_uint_eq(fx.policy.n_run_rules, 2);
    fx_refused("--exec-allow=/usr/lib/x: /usr/lib/x goes beyond the ceiling in", "--exec-allow=/usr/lib/x", "x");
    fx_file(CEILING("20.ini"), "[exec]\nallow = /usr/bin/true\n");
    fx_ok("x");
    ck_assert_uint_eq(fx.policy.n_run_rules, 2); /* what both allow, and what is denied */
    fx_refused("(allow = /usr/bin/true)", "--exec-allow=/usr/bin/false", "x");
    fx_file(CEILING("20.ini"), "[exec]\nallow = /opt\n");
    fx_refused("no program is allowed by all of the ceilings", "x");
    fx_file(CEILING("20.ini"), "[exec]\nallow =\n");
    fx_refused("a ceiling's list cannot be emptied", "x");
    fx_file(CEILING("20.ini"), "");
}
END_TEST

START_TEST(test_orders)
{
    ceiling("[network]\nmode = none\n[isolation]\nnested = deny\nterminal = safe\nstrict = yes\n[files]\nhome = "
            "temporary\n[exec]\nspawn = no\n");
    fx_ok("x"); /* what nobody wrote is narrowed */
    ck_assert(fx.policy.strict);
    ck_assert(!fx.policy.landlock.optional);
    ck_assert(fx.policy.no_spawn);
    ck_assert_str_eq(fx.policy.strict_origin.file, fx_path(CEILING("10.ini")));
    fx_ok("--network=none", "--home=none", "x");
    fx_refused("--network=host: host goes beyond the ceiling in", "--network=host", "x");
    fx_refused("policy.d/10.ini:2 (mode = none)", "--network=host", "x");
    fx_refused("policy.d/10.ini:4 (nested = deny)", "--nested=allow", "x");
    fx_refused("policy.d/10.ini:5 (terminal = safe)", "--terminal=full", "x");
    fx_refused("policy.d/10.ini:6 (strict = yes)", "--strict=no", "x");
    fx_refused("policy.d/10.ini:10 (spawn = no)", "--spawn=yes", "x");
    fx_refused("policy.d/10.ini:8 (home = temporary)", "--home=persistent", "x");

    fx_default("[network]\n\nmode = host\n");
    fx_refused("default.ini:3: mode: host goes beyond the ceiling in", "x");
    fx_ok("--network=none", "x"); /* what holds in the end counts */
    ceiling("[network]\nmode = open\n");
    fx_refused("default.ini:3: mode: host goes beyond", "x");
    ceiling("[network]\nmode = host\n");
    fx_ok("x");
    ceiling("[isolation]\nbackend = microvm\n"); /* the default is wider than that */
    fx_refused("KVM truly works", "x");
    fx_refused("--backend=namespace: namespace goes beyond", "--backend=namespace", "x");
    fx_refused("--backend=-microvm: -microvm goes beyond", "--backend=-microvm", "x");
}
END_TEST

START_TEST(test_limits)
{
    ceiling("[limits]\nmemory = 1G\nprocesses = -50\n");
    fx_ok("x");
    ck_assert(fx.policy.memory.set && !fx.policy.memory.optional && fx.policy.memory.value == 1 << 30);
    ck_assert(fx.policy.processes.set && fx.policy.processes.optional && fx.policy.processes.value == 50);
    fx_ok("--memory=-512M", "x");
    ck_assert(!fx.policy.memory.optional); /* the administrator wants it held */
    ck_assert_uint_eq(fx.policy.memory.value, 512 << 20);
    fx_ok("--memory=1G", "--processes=-20", "x");
    ck_assert(fx.policy.processes.optional);
    fx_refused("policy.d/10.ini:2 (memory = 1G)", "--memory=2G", "x");
    fx_ok("--memory=", "x"); /* taken back: the ceiling's */
    ck_assert_uint_eq(fx.policy.memory.value, 1 << 30);
    fx_default("[limits]\nprocesses = 51\n");
    fx_refused("default.ini:2: processes: 51 goes beyond the ceiling in", "x");
}
END_TEST

START_TEST(test_names)
{
    ceiling("[isolation]\nfilter = locked  -default\nlandlock = on\n");
    fx_ok("x");
    ck_assert_str_eq(fx.policy.filter.value, "default");
    ck_assert(!fx.policy.landlock.optional);
    fx_ok("--filter=-default", "x");
    ck_assert(fx.policy.filter.optional);
    fx_ok("--filter=-locked", "x");
    ck_assert(!fx.policy.filter.optional);
    ck_assert_str_eq(fx.policy.filter_dirs[0], fx_path("etc/agentjail/seccomp")); /* a user's of that name is another */
    ck_assert_ptr_null(fx.policy.filter_dirs[2]);
    fx_refused("--filter=loose: loose goes beyond the ceiling in", "--filter=loose", "x");
    fx_refused("goes beyond the ceiling", "--filter=/tmp/own.filter", "x");
    fx_refused("--landlock=off: off goes beyond", "--landlock=off", "x");
    ceiling("[isolation]\nlandlock = on\n");
    fx_ok("x");
    ck_assert_str_eq(fx.policy.filter_dirs[0], fx_path("home/.config/agentjail/seccomp")); /* control */
    ceiling("[isolation]\nfilter = locked\nlabel = site\n");
    fx_ok("x"); /* nobody wrote one */
    ck_assert_str_eq(fx.policy.filter.value, "locked");
    ck_assert_str_eq(fx.policy.label.value, "site");
    fx_refused("--filter=default: default goes beyond", "--filter=default", "x");
    fx_ok("--label=", "x");
    ck_assert_str_eq(fx.policy.label.value, "site");
}
END_TEST

START_TEST(test_trees_bound_users)
{
    char text[3 * PATH_MAX], option[PATH_MAX + 32];
    fx_dir("srv/data");
    fx_dir("other");
    snprintf(text, sizeof(text), "[files]\nread = %s\nwrite = %s\n", fx_path("srv"), fx_path("work"));
    ceiling(text);
    snprintf(option, sizeof(option), "--read=%s", fx_path("srv/data/new"));
    fx_ok(option, "x");
    fx_ok("--write=../sub", "--read=../sub", "x"); /* trees of write count for read */
    snprintf(option, sizeof(option), "--write=%s", fx_path("srv/data"));
    fx_refused("10.ini:3 (write = ", option, "x");
    snprintf(option, sizeof(option), "--read=%s", fx_path("other"));
    fx_refused("10.ini:2 (read = ", option, "x");
    snprintf(option, sizeof(option), "--exec=%s", fx_path("other")); /* exec shows it, too */
    fx_refused("10.ini:2 (read = ", option, "x");
    snprintf(option, sizeof(option), "--copy-on-write=%s", fx_path("other"));
    fx_refused("10.ini:2 (read = ", option, "x");
    fx_refused("goes beyond", "--read=/", "x");

    ck_assert_int_eq(symlink(fx_path("other"), fx_path("srv/link")), 0); /* judged by where it leads */
    snprintf(option, sizeof(option), "--read=%s", fx_path("srv/link/x"));
    fx_refused("10.ini:2 (read = ", option, "x");
    snprintf(option, sizeof(option), "--read=%s", fx_path("srv2"));
    fx_refused("goes beyond", option, "x"); /* no mere prefix */

    snprintf(option, sizeof(option), "--workspace=%s", fx_path("other"));
    fx_refused("--workspace=", option, "x");
    fx.host.cwd = fx_path("other");
    fx_refused("default workspace: write: ", "x");
    fx_ok("--workspace=none", "x");
}
END_TEST

START_TEST(test_trees_do_not_bound_administrators)
{
    char text[3 * PATH_MAX];
    snprintf(text, sizeof(text), "[files]\nread = %s\n", fx_path("work"));
    ceiling(text);
    fx_default("[files]\nread = /usr\nexec = /usr\n");
    fx_ok("x");
    fx_file(ADMIN("a.ini"), "[files]\nread = /opt\n");
    fx_ok("--profile=a", "x");
    fx_file(USER("u.ini"), "[files]\nread = /opt\n");
    fx_refused("u.ini:2: read: /opt goes beyond the ceiling in", "--profile=u", "x");
    fx_default("[files]\nread = ${XDG_CACHE_HOME}/x\n"); /* the user's environment turns it anywhere */
    fx_refused("default.ini:2: read: ", "x");
    fx_default("[files]\nread = ~/x\n");
    fx_refused("default.ini:2: read: ", "x");
    fx_dir("data"); /* a tree that is named through a symlink */
    ck_assert_int_eq(symlink(fx_path("data"), fx_path("alias")), 0);
    snprintf(text, sizeof(text), "[files]\nread = %s\nread = %s\n", fx_path("alias"), fx_path("work"));
    ceiling(text);
    fx_default("");
    snprintf(text, sizeof(text), "--read=%s", fx_path("data/x"));
    fx_ok(text, "x");
    ceiling("[files]\ndevice =\n"); /* none at all */
    fx_refused("10.ini:2 (device = )", "--device=/dev/kvm", "x");
    ceiling("[files]\ndevice = /dev/dri\n");
    fx_ok("--device=/dev/dri/card0", "x");
    ceiling("[files]\nwrite = /nowhere\n"); /* a directory of devices is one of files, too */
    fx_ok("--device=/dev/null", "--workspace=none", "x");
    fx_refused("10.ini:2 (write = /nowhere)", "--device=/dev/shm", "--workspace=none", "x");
    ceiling("[files]\nprotect = /dev/shm\n");
    fx_refused("10.ini:2 (protect = /dev/shm)", "--device=/dev/shm", "x");
}
END_TEST

/* Each file is a ceiling of its own: all must allow. */
START_TEST(test_ceilings_meet)
{
    fx_file(CEILING("10.ini"), "[files]\nread = /a\nread = /b\n[network]\nmode = open\n[limits]\nmemory = 2G\n");
    fx_file(CEILING("20.ini"), "[files]\nread = /b\nread = /c\n[network]\nmode = none\n[limits]\nmemory = 1G\n");
    fx_file(CEILING("readme.txt"), "nonsense");
    fx_ok("--workspace=none", "--read=/b/x", "x");
    ck_assert_uint_eq(fx.policy.memory.value, 1 << 30);
    fx_refused("20.ini:2 (read = /b)", "--workspace=none", "--read=/a", "x");
    fx_refused("10.ini:2 (read = /a)", "--workspace=none", "--read=/c", "x");
    fx_refused("10.ini:5 (mode = open)", "--workspace=none", "--network=host", "x");
    fx_refused("20.ini:7 (memory = 1G)", "--workspace=none", "--memory=1500M", "x");
}
END_TEST

START_TEST(test_added_entries)
{
    char option[PATH_MAX + 32];
    ceiling("[files]\nhide = ~/secret\nprotect = -.git/config\nprotect = /srv/fixed\n");
    fx_default("[files]\nprotect = -.envrc\n");
    fx_ok("--protect=", "--hide=", "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_HIDE, fx_path("home/secret")));
    ck_assert_ptr_nonnull(fx_grant(GRANT_PROTECT, fx_path("work/tree/.git/config")));
    ck_assert_ptr_null(fx_grant(GRANT_PROTECT, fx_path("work/tree/.envrc")));
    fx_refused("is not on the protect list", "--unprotect=.git/config", "x");
    fx_ok("--read=~", "x");
    fx_refused("10.ini:2 (hide = ~/secret)", "--read=~/secret", "x");
    fx_refused("10.ini:2 (hide = ~/secret)", "--exec=~/secret/bin", "x");
    fx_refused("10.ini:2 (hide = ~/secret)", "--scratch=~/secret/x", "x");
    fx_refused("10.ini:3 (protect = -.git/config)", "--write=.git/config", "x");
    fx_ok("--read=.git/config", "x");
    fx_dir("home/secret/in");
    ck_assert_int_eq(symlink(fx_path("home/secret/in"), fx_path("link")), 0);
    snprintf(option, sizeof(option), "--read=%s", fx_path("link"));
    fx_refused("10.ini:2 (hide = ~/secret)", option, "x");
    fx_default("[files]\nread = ~/secret/known\n"); /* a hide of a ceiling is absolute */
    fx_refused("default.ini:2: read: ", "x");
    ceiling("[files]\nhide =\n");
    fx_refused("10.ini:2: hide: no path; a ceiling's list cannot be emptied", "x");
}
END_TEST

/* The user's variables move what the user's own settings mean, and nothing that a ceiling means. */
START_TEST(test_variables_of_users)
{
    char secret[PATH_MAX + 32], outside[PATH_MAX + 32];
    ceiling("[files]\nwrite = ${HOME}\nread = ${XDG_CACHE_HOME}/x\nhide = ~/secret\n");
    fx_default("");
    fx_dir("home/secret");
    fx_dir("home/tree");
    fx_dir("other/tree");
    snprintf(secret, sizeof(secret), "--read=%s", fx_path("home/secret"));
    snprintf(outside, sizeof(outside), "--write=%s", fx_path("other/tree"));
    for (int turned = 0; turned < 2; turned++) {
        if (turned) {
            fx_setenv("HOME", fx_path("other"));
            fx_setenv("XDG_CACHE_HOME", "/var");
        }
        fx_refused("10.ini:4 (hide = ~/secret)", "--workspace=none", secret, "x");
        fx_refused("10.ini:2 (write = ${HOME})", "--workspace=none", outside, "x");
        fx_refused("10.ini:3 (read = ${XDG_CACHE_HOME}/x)", "--workspace=none", "--read=/var/x", "x");
    }
    snprintf(outside, sizeof(outside), "--write=%s", fx_path("home/tree"));
    fx_ok("--workspace=none", outside, "x");
    ck_assert_ptr_nonnull(fx_grant(GRANT_HIDE, fx_path("home/secret")));
    ck_assert_ptr_null(fx_grant(GRANT_HIDE, fx_path("other/secret")));
}
END_TEST

START_TEST(test_require)
{
    ceiling("[ceiling]\nrequire = memory\nrequire = network=none\nrequire = filter=locked\n");
    fx_refused("10.ini:2: require: memory must be set; write --memory=", "x");
    fx_refused("10.ini:4: require: filter must have another value; write --filter=locked", "--memory=1G", "x");
    fx_ok("--memory=1G", "--filter=locked", "x");
    fx_ok("--memory=-1G", "--filter=-locked", "x");
    fx_refused("10.ini:3: require: network", "--memory=1G", "--filter=locked", "--network=host", "x");
    ceiling("[ceiling]\nrequire = read\n");
    fx_refused("10.ini:2: require: \"read\" is no option with a single value", "x");
    ceiling("[ceiling]\nrequire = nonsense=1\n");
    fx_refused("\"nonsense\" is no option", "x");
}
END_TEST

START_TEST(test_fixed_profiles)
{
    fx_file(PACKAGED("agent.ini"), "[profile]\nmatch = claude\ninclude = part\n[files]\nread = /packaged\n");
    fx_file(PACKAGED("include/part.ini"), "[files]\nread = /part\n");
    fx_file(USER("agent.ini"), "[files]\nread = /mine\n");
    fx_file(USER("include/part.ini"), "[files]\nread = /mine\n");
    fx_file(USER("agent.d/1.ini"), "[files]\nread = /mine\n");
    fx_file(ADMIN("agent.d/1.ini"), "[files]\nread = /admin\n");
    fx_file(USER("other.ini"), "[profile]\nmatch = claude\n");
    fx_file("work/agent.ini", "[files]\nread = /mine\n");
    fx_ok("--profile=agent", "x"); /* without the ceiling: the control */
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/mine"));
    fx_ok("claude");
    ck_assert_str_eq(fx.policy.name, "other");

    ceiling("[ceiling]\nfixed-profiles = default agent\n");
    fx_ok("--profile=agent", "x");
    ck_assert_ptr_null(fx_grant(GRANT_READ, "/mine"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/packaged"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/part"));
    ck_assert_ptr_nonnull(fx_grant(GRANT_READ, "/admin"));
    fx_ok("claude"); /* its match is fixed as well */
    ck_assert_str_eq(fx.policy.name, "agent");
    fx_refused("10.ini:2 keeps users from replacing the profile \"agent\"", "--profile=../agent.ini", "x");
    fx_ok("--profile=other", "x");
}
END_TEST

static const char *below_ceilings(const char *name)
{
    static char below[128];
    snprintf(below, sizeof(below), CEILING("%s"), name);
    return below;
}

START_TEST(test_bad_ceilings)
{
    static const struct {
        const char *text, *want;
    } samples[] = {
        { "[network]\nmode = nothing\n", "10.ini:2: mode: \"nothing\" is none of its values; write none, filtered" },
        { "[limits]\nmemory = much\n", "10.ini:2: memory: \"much\" cannot be its value" },
        { "[limits]\nmemory =\n", "10.ini:2: memory: \"\" cannot be its value" },
        { "[isolation]\nfilter =\n", "10.ini:2: filter: no value" },
        { "[files]\nworkspace = /a\n", "10.ini:2: workspace: cannot be a ceiling; write it in a profile" },
        { "[files]\nscratch = /a\n", "10.ini:2: scratch: cannot be a ceiling" },
        { "[env]\nA\n", "10.ini:2: A: cannot be a ceiling" },
        { "[profile]\nmatch = x\n", "10.ini:2: match: cannot be a ceiling" },
        { "[profile]\ninclude = x\n", "10.ini:2: include: cannot be a ceiling" },
        { "[files]\nreed = /a\n", "10.ini:2: reed: unknown key" },
        { "[files]\nread = ${X}\n", "10.ini:2: read: ${X} is unknown" },
        { "[files\n", "10.ini:1: not a section" },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        ceiling(samples[i].text);
        fx_refused(samples[i].want, "x");
    }
    ceiling("");
    fx_ok("x");
    chmod(fx_path(CEILING("10.ini")), 0666);
    fx_refused("10.ini: may be written by everybody", "x");
    chmod(fx_path(CEILING("10.ini")), 0644);
    chmod(fx_path("etc/agentjail/policy.d"), 0777);
    fx_refused("policy.d: this directory may be written by everybody", "x");
    chmod(fx_path("etc/agentjail/policy.d"), 0755);
    ck_assert_int_eq(symlink("nowhere", fx_path(CEILING("20.ini"))), 0); /* never left out in silence */
    fx_refused("20.ini: cannot be read", "x");
    unlink(fx_path(CEILING("20.ini")));
    fx_ok("x");
    /* Nor for its name: who writes it believes to be protected. */
    static const char *const odd[] = { "10-ours.conf", "10-ours", "10-ours.INI", "ini", "10-ours.ini.txt" };
    for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
        fx_file(below_ceilings(odd[i]), "[network]\nmode = none\n");
        char want[128];
        snprintf(want, sizeof(want), "policy.d/%s: a ceiling's name ends in \".ini\": rename it", odd[i]);
        fx_refused(want, "x");
        unlink(fx_path("etc/agentjail/policy.d/%s", odd[i]));
        fx_ok("x");
    }
    fx_dir(CEILING("30.ini"));
    fx_refused("30.ini: is a directory", "x");
    rmdir(fx_path(CEILING("30.ini")));
    /* What editors and package managers leave, and what is put aside by its name, is none. */
    static const char *const aside[] = { "10.ini~", "10.ini.dpkg-dist", "10.ini.rpmsave", "10.ini.disabled", "README",
                                         ".10.ini" };
    for (size_t i = 0; i < ELEMENTSOF(aside); i++)
        fx_file(below_ceilings(aside[i]), "[files]\n");
    fx_dir("etc/agentjail/policy.d/old");
    fx_ok("x");
    if (getuid() != 0) {
        chmod(fx_path("etc/agentjail/policy.d"), 0);
        fx_refused("policy.d: cannot be opened: Permission denied", "x");
        chmod(fx_path("etc/agentjail/policy.d"), 0755);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ceiling");
    TCase *tc = fx_case(s, "ceilings");
    tcase_add_test(tc, test_orders);
    tcase_add_test(tc, test_programs);
    tcase_add_test(tc, test_limits);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_trees_bound_users);
    tcase_add_test(tc, test_trees_do_not_bound_administrators);
    tcase_add_test(tc, test_ceilings_meet);
    tcase_add_test(tc, test_added_entries);
    tcase_add_test(tc, test_variables_of_users);
    tcase_add_test(tc, test_require);
    tcase_add_test(tc, test_fixed_profiles);
    tcase_add_test(tc, test_bad_ceilings);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
