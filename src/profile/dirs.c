/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/dirs.h"

#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "profile/path.h"

const char *env_get(char *const *env, const char *name)
{
    size_t len = strlen(name);
    for (; env && *env; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return *env + len + 1;
    return NULL;
}

#if defined(AGENTJAIL_SRCDIR) && defined(AGENTJAIL_BUILDDIR)
/* Only the binary that lies in the build tree itself uses the source tree's profiles. */
static bool in_build_tree(void)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash || slash == exe)
        return false;
    *slash = '\0';
    if (strcmp(exe, AGENTJAIL_BUILDDIR) == 0)
        return true;

    struct stat a, b; /* the build directory may have been named through a symlink */
    return stat(AGENTJAIL_BUILDDIR, &a) == 0 && stat(exe, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
#endif

int host_load(struct policy_host *ret_host)
{
    struct policy_host host = {
        .system_dir = SYSCONFDIR "/agentjail",
        .package_dir = PKGDATADIR "/profiles",
        .filter_dir = PKGDATADIR "/seccomp",
        .env = environ,
        .uid = getuid(),
    };
#if defined(AGENTJAIL_SRCDIR) && defined(AGENTJAIL_BUILDDIR)
    if (in_build_tree()) {
        host.package_dir = AGENTJAIL_SRCDIR "/profiles";
        host.filter_dir = AGENTJAIL_SRCDIR "/profiles/seccomp";
        host.uninstalled = true;
    }
#endif
    *ret_host = host;
    return 0;
}

/* The passwd database costs a few files: asked only for what the environment does not say. */
static int find_user(struct arena *arena, const struct policy_host *host, struct dirs *d)
{
    char *normal;
    const char *home = env_get(host->env, "HOME");
    if (home && path_normalise(arena, home, &normal) == 0)
        d->home = normal;
    const char *user = env_get(host->env, "USER");
    if (!name_is_plain(user))
        user = env_get(host->env, "LOGNAME");
    if (name_is_plain(user))
        d->user = arena_strdup(arena, user);

    if (!d->home || !d->user) {
        const struct passwd *pw = getpwuid(host->uid);
        if (!d->home && pw && path_normalise(arena, pw->pw_dir, &normal) == 0)
            d->home = normal;
        if (!d->user)
            d->user = arena_strdup(arena, pw && name_is_plain(pw->pw_name) ? pw->pw_name : "");
    }
    if (d->home && strcmp(d->home, "/") == 0)
        d->home = NULL; /* what containers give to a uid that they do not know */
    return d->user ? 0 : -ENOMEM;
}

static int find_base(struct arena *arena, const struct policy_host *host, const char *variable, const char *fallback,
                     const char *home, const char **ret, struct buf *why)
{
    const char *value = env_get(host->env, variable);
    if (value && *value) {
        char *normal;
        int r = path_normalise(arena, value, &normal);
        if (r == -ENOMEM)
            return r;
        if (r < 0) {
            (void)buf_printf(
                why, "%s is \"%s\" in the environment, not an absolute path without \"..\"; correct or unset it",
                variable, value);
            return -EINVAL;
        }
        *ret = normal;
        return 0;
    }
    if (home) {
        *ret = arena_concat(arena, home, fallback, NULL);
        if (!*ret)
            return -ENOMEM;
    }
    return 0;
}

int dirs_load(struct arena *arena, const struct policy_host *host, struct dirs *ret_dirs, struct buf *why)
{
    struct dirs d = { 0 };
    int r = find_user(arena, host, &d);
    if (r < 0)
        return r;

    char runtime[32];
    snprintf(runtime, sizeof(runtime), "%u", (unsigned)host->uid);
    const struct {
        const char *variable, *fallback, *base;
        const char **ret;
    } bases[] = {
        { "XDG_CONFIG_HOME", "/.config", d.home, &d.config },
        { "XDG_DATA_HOME", "/.local/share", d.home, &d.data },
        { "XDG_STATE_HOME", "/.local/state", d.home, &d.state },
        { "XDG_CACHE_HOME", "/.cache", d.home, &d.cache },
        { "XDG_RUNTIME_DIR", runtime, "/run/user/", &d.runtime },
    };
    for (size_t i = 0; i < ELEMENTSOF(bases); i++) {
        r = find_base(arena, host, bases[i].variable, bases[i].fallback, bases[i].base, bases[i].ret, why);
        if (r < 0)
            return r;
    }
    *ret_dirs = d;
    return 0;
}
