/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/dirs.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "profile/path.h"
#include "sys/build_tree.h"
#include "sys/library.h"

enum { PASSWD_MAX = 1 << 20 };

const char *env_get(char *const *env, const char *name)
{
    size_t len = strlen(name);
    for (; env && *env; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return *env + len + 1;
    return NULL;
}

int host_load(struct policy_host *ret_host)
{
    struct policy_host host = {
        .system_dir = SYSCONFDIR "/agentjail",
        .package_dir = PKGDATADIR "/profiles",
        .filter_dir = PKGDATADIR "/seccomp",
        .env = environ,
        .uid = getuid(),
    };
#ifdef AGENTJAIL_SRCDIR
    if (in_build_tree()) {
        host.package_dir = AGENTJAIL_SRCDIR "/profiles";
        host.filter_dir = AGENTJAIL_SRCDIR "/profiles/seccomp";
        host.uninstalled = true;
    }
#endif
    *ret_host = host;
    return 0;
}

/* A field of a line of passwd(5), NUL written behind it; *p moves to the next. */
static char *next_field(char **p)
{
    char *field = *p;
    if (field) {
        char *colon = strchr(field, ':');
        if (colon)
            *colon = '\0';
        *p = colon ? colon + 1 : NULL;
    }
    return field;
}

/* /etc/passwd by hand: NSS would cost a tenth of a millisecond. False if uid is not in there. */
static bool find_local(uid_t uid, struct buf *text, const char **ret_user, const char **ret_home)
{
    char id[16], *rest = NULL;
    snprintf(id, sizeof(id), "%u", (unsigned)uid);
    if (buf_read_file(text, AT_FDCWD, "/etc/passwd", PASSWD_MAX) < 0 || !text->data)
        return false;
    for (char *line = strtok_r(text->data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *user = next_field(&line);
        next_field(&line); /* password */
        const char *line_id = next_field(&line);
        next_field(&line); /* group */
        next_field(&line); /* full name */
        const char *home = next_field(&line);
        if (line_id && home && strcmp(line_id, id) == 0) {
            *ret_user = user;
            *ret_home = home;
            return true;
        }
    }
    return false;
}

/* The passwd database costs a few files: asked only for what the environment does not say. */
static int find_user(struct arena *arena, const struct policy_host *host, struct dirs *d)
{
    char *normal;
    const char *home = host->env ? env_get(host->env, "HOME") : host->account_home;
    if (home && path_normalise(arena, home, &normal) == 0)
        d->home = normal;
    const char *user = env_get(host->env, "USER");
    if (!name_is_plain(user))
        user = env_get(host->env, "LOGNAME");
    if (name_is_plain(user))
        d->user = arena_strdup(arena, user);

    if (!d->home || !d->user) {
        _cleanup_buf_ struct buf text = { 0 };
        const char *pw_name = NULL, *pw_dir = NULL;
        if (!find_local(host->uid, &text, &pw_name, &pw_dir)) {
            const struct passwd *pw = library_user(host->uid);
            pw_name = pw ? pw->pw_name : NULL;
            pw_dir = pw ? pw->pw_dir : NULL;
        }
        if (!d->home && pw_dir && path_normalise(arena, pw_dir, &normal) == 0)
            d->home = normal;
        if (!d->user)
            d->user = arena_strdup(arena, name_is_plain(pw_name) ? pw_name : "");
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

int dirs_of_account(struct arena *arena, const struct policy_host *host, struct dirs *ret_dirs, struct buf *why)
{
    struct policy_host account = *host;
    account.env = NULL;
    return dirs_load(arena, &account, ret_dirs, why);
}
