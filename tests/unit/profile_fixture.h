/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of the tests' own, in a temporary directory: configuration, packaged profiles, a home, a current directory. */
#ifndef AGENTJAIL_TESTS_PROFILE_FIXTURE_H
#define AGENTJAIL_TESTS_PROFILE_FIXTURE_H

#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "profile/origin.h"
#include "profile/policy_load.h"
#include "profile/request.h"

enum { FIXTURE_ENV = 16 };

struct fixture {
    char root[PATH_MAX]; /* real path */
    char *paths[8];      /* system, package, filters, cwd */
    char *env[FIXTURE_ENV + 1];
    struct policy_host host;
    struct policy policy; /* of the last load that succeeded */
    struct buf why;       /* of the last load */
};

static struct fixture fx;

_printf_(1, 2) static inline char *fx_path(const char *format, ...)
{
    static char out[8][2 * PATH_MAX];
    static unsigned turn;
    char *path = out[turn++ % 8], below[PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(below, sizeof(below), format, args);
    va_end(args);
    snprintf(path, sizeof(out[0]), "%s/%s", fx.root, below);
    return path;
}

/* Make the directories above path, which is below the fixture's root. */
static inline void fx_parents(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    for (char *p = copy + strlen(fx.root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(copy, 0755);
        *p = '/';
    }
}

static inline void fx_bytes(const char *path, const void *data, size_t len)
{
    fx_parents(path);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static inline void fx_file(const char *below, const char *text)
{
    fx_bytes(fx_path("%s", below), text, strlen(text));
}

static inline void fx_dir(const char *below)
{
    char *path = fx_path("%s", below);
    fx_parents(path);
    ck_assert(mkdir(path, 0755) == 0 || errno == EEXIST);
}

/* The three places of profiles. */
#define USER(name) "home/.config/agentjail/profiles/" name
#define ADMIN(name) "etc/agentjail/profiles/" name
#define PACKAGED(name) "share/profiles/" name
#define CEILING(name) "etc/agentjail/policy.d/" name

static inline void fx_setenv(const char *name, const char *value)
{
    size_t len = strlen(name), i = 0;
    while (fx.env[i] && !(strncmp(fx.env[i], name, len) == 0 && fx.env[i][len] == '='))
        i++;
    ck_assert_uint_lt(i, FIXTURE_ENV);
    free(fx.env[i]);
    fx.env[i] = NULL;
    if (value)
        ck_assert_int_ge(asprintf(&fx.env[i], "%s=%s", name, value), 0);
    else
        ck_assert_int_ge(asprintf(&fx.env[i], "unset_%s=", name), 0);
}

/* Each test begins with a default profile, an empty home, and /work/tree as the current directory. */
static inline void fx_setup(void)
{
    char dir[128], real[PATH_MAX];
    fx = (struct fixture){ 0 };
    umask(022);
    unit_dir(dir, sizeof(dir));
    ck_assert_ptr_nonnull(realpath(dir, real));
    strcpy(fx.root, real);
    fx_file(PACKAGED("default.ini"), "[profile]\ndescription = d\n");
    fx_dir("home");
    fx_dir("work/tree");
    static const char *const below[] = { "etc/agentjail", "share/profiles", "share/seccomp", "work/tree" };
    for (size_t i = 0; i < 4; i++)
        fx.paths[i] = strdup(fx_path("%s", below[i]));
    fx.host = (struct policy_host){
        .system_dir = fx.paths[0],
        .package_dir = fx.paths[1],
        .filter_dir = fx.paths[2],
        .cwd = fx.paths[3],
        .env = fx.env,
        .uid = getuid(),
    };
    fx.paths[4] = strdup(fx_path("home"));
    fx.host.account_home = fx.paths[4];
    fx_setenv("HOME", fx_path("home"));
    fx_setenv("USER", "tester");
    fx_setenv("PATH", "/usr/bin:/bin");
}

static inline int fx_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    if (type == FTW_DNR)
        chmod(path, 0700);
    return remove(path);
}

static inline void fx_teardown(void)
{
    policy_free(&fx.policy);
    buf_free(&fx.why);
    for (size_t i = 0; i < 8; i++)
        free(fx.paths[i]);
    for (size_t i = 0; i < FIXTURE_ENV; i++)
        free(fx.env[i]);
    nftw(fx.root, fx_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Load with this command line, up to NULL. */
static inline int fx_loadv(char **argv)
{
    struct policy_request request;
    int argc = 0, r;
    while (argv[argc])
        argc++;
    policy_free(&fx.policy);
    buf_free(&fx.why);
    r = request_parse(argc, argv, &request, &fx.why);
    if (r < 0)
        return r;
    request.host = &fx.host;
    r = policy_load(&request, &fx.policy, &fx.why);
    request_free(&request);
    return r;
}
#define fx_load(...) fx_loadv((char *[]){ (char *)"agentjail", __VA_ARGS__, NULL })

/* It loads. */
#define fx_ok(...)                                                                          \
    do {                                                                                    \
        int fx_r = fx_load(__VA_ARGS__);                                                    \
        ck_assert_msg(fx_r == 0, "refused (%d): %s", fx_r, fx.why.data ? fx.why.data : ""); \
    } while (0)

/* It is refused, and the message has this in it. */
#define fx_refused(text, ...)                                                               \
    do {                                                                                    \
        int fx_r = fx_load(__VA_ARGS__);                                                    \
        ck_assert_msg(fx_r < 0, "was taken, not refused with: %s", text);                   \
        ck_assert_msg(fx.why.data &&strstr(fx.why.data, text), "%s\n  is not in\n%s", text, \
                      fx.why.data ? fx.why.data : "(nothing)");                             \
    } while (0)

/* The default profile with this text. */
#define fx_default(text) fx_file(PACKAGED("default.ini"), text)

/* The last grant of that kind and path, or NULL. */
static inline const struct grant *fx_grant(enum grant_kind kind, const char *path)
{
    const struct grant *found = NULL;
    for (size_t i = 0; i < fx.policy.n_grants; i++)
        if (fx.policy.grants[i].kind == kind && strcmp(fx.policy.grants[i].path, path) == 0)
            found = &fx.policy.grants[i];
    return found;
}

static inline size_t fx_count(enum grant_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < fx.policy.n_grants; i++)
        n += fx.policy.grants[i].kind == kind;
    return n;
}

static inline const struct env_rule *fx_env(const char *name)
{
    for (size_t i = 0; i < fx.policy.n_env; i++)
        if (strcmp(fx.policy.env[i].name, name) == 0)
            return &fx.policy.env[i];
    return NULL;
}

/* Some note has this in it. */
static inline bool fx_noted(const char *text)
{
    for (size_t i = 0; i < fx.policy.notes.n; i++)
        if (strstr(fx.policy.notes.v[i], text))
            return true;
    return false;
}

static inline TCase *fx_case(Suite *s, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
    suite_add_tcase(s, tc);
    return tc;
}

#endif
