/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/environment.h"

#include <string.h>

#include "base/buf.h"
#include "base/fence_switch.h"
#include "monitor/open_url.h"
#include "profile/access.h"
#include "profile/arena.h"
#include "profile/path.h"

/* One program's variable that makes another program run or load something: a trailing '*' takes all that begin so. Not
 * complete, nor can it be; that is why nothing passes unless the profile names it. */
static const char *const loaded[] = {
    "AGENTJAIL*", "BASHOPTS", "BASH_ENV", "BASH_FUNC_*", "BROWSER", "CDPATH", "CLASSPATH", "COMSPEC",
    "DOTNET_STARTUP_HOOKS", "DYLD_*", "EMACSLOADPATH", "ENV", "FPATH", "GCONV_PATH", "GEM_PATH", "GETCONF_DIR",
    "GIT_*", "GLIBC_TUNABLES", "GOFLAGS", "GTK_MODULES", "GTK_PATH", "HOSTALIASES", "IFS", "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS", "LD_*", "LESSCLOSE", "LESSOPEN", "LOCALDOMAIN", "LOCPATH", "LUA_CPATH*", "LUA_INIT*",
    "LUA_PATH*", "MAKEFLAGS", "MALLOC_*", "MANPAGER", "NLSPATH", "NODE_OPTIONS", "NODE_PATH", "NPM_CONFIG_*",
    "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "PERL5*", "PERLLIB", "PERL_*", "PIP_*",
    "PROMPT_COMMAND", "PS0", "PS4", "PYTHON*", "QT_PLUGIN_PATH", "RES_OPTIONS", "RESOLV_*", "RUBYLIB",
    "RUBYOPT", "RUSTC_WRAPPER", "SHELLOPTS", "SSH_ASKPASS", "SSLKEYLOGFILE", "SUDO_ASKPASS", "TERMCAP",
    "TERMINFO*", "TERMPATH", "TMPPREFIX", "TZDIR", "VIMINIT", "EXINIT", "XLOCALEDIR", "ZDOTDIR",
    "_JAVA_OPTIONS", "npm_config_*",
};

static bool begins(const char *name, size_t len, const char *pattern)
{
    size_t n = strlen(pattern);
    if (n && pattern[n - 1] == '*')
        return len >= n - 1 && strncmp(name, pattern, n - 1) == 0;
    return len == n && strncmp(name, pattern, n) == 0;
}

static bool makes_others_run(const char *name, size_t len)
{
    for (size_t i = 0; i < ELEMENTSOF(loaded); i++)
        if (begins(name, len, loaded[i]))
            return true;
    return false;
}

/* Does the list hold a value for this name? */
static bool is_set(const struct strv *env, const char *name, size_t len)
{
    for (size_t i = 0; i < env->n; i++)
        if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
            return true;
    return false;
}

static int set(struct strv *env, const char *name, const char *value)
{
    if (is_set(env, name, strlen(name)))
        return 0;
    _cleanup_buf_ struct buf text = { 0 };
    int r = buf_printf(&text, "%s=%s", name, value);
    return r < 0 ? r : strv_take(env, buf_take(&text));
}

static const char *find(char *const *env, const char *name)
{
    size_t len = strlen(name);
    for (; *env; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return *env + len + 1;
    return NULL;
}

/* --- what is always set --- */

static bool in_path(const char *path, const char *dir)
{
    size_t len = strlen(dir);
    for (; path; path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL)
        if (strncmp(path, dir, len) == 0 && (path[len] == ':' || path[len] == '\0'))
            return true;
    return false;
}

/* The directories of PATH from which something can be run; relative ones never. */
static int visible_path(const struct policy *policy, const char *host, struct arena *arena, struct buf *out)
{
    for (const char *end; *host; host = *end ? end + 1 : end) {
        end = strchrnul(host, ':');
        char *dir = arena_strndup(arena, host, (size_t)(end - host)), *normal;
        if (!dir)
            return -ENOMEM;
        int r = path_normalise(arena, dir, &normal);
        if (r == -ENOMEM)
            return r;
        if (r < 0 || in_path(out->data, normal) ||
            !(policy_access(policy, normal).exec || strv_has(&policy->path_dirs, normal)))
            continue;
        r = buf_printf(out, "%s%s", out->len ? ":" : "", normal);
        if (r < 0)
            return r;
    }
    return 0;
}

static int set_path(const struct policy *policy, const char *host, struct strv *env)
{
    static const char usual[] = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
    _cleanup_buf_ struct buf path = { 0 };
    struct arena *arena = arena_new();
    if (!arena)
        return -ENOMEM;
    int r = open_url_wanted(policy) ? buf_str(&path, OPENER_DIR) : 0;
    size_t own = path.len;
    if (r == 0)
        r = visible_path(policy, host ? host : usual, arena, &path);
    if (r == 0 && path.len == own)
        r = visible_path(policy, usual, arena, &path);
    if (r == 0 && path.len == own)
        r = buf_printf(&path, "%s/usr/bin:/bin", own ? ":" : "");
    const char *value = path.data;
    if (r == 0)
        r = set(env, "PATH", value);
    if (r == 0)
        r = set(env, "AGENTJAIL_PATH", value); /* for login shells, whose /etc/profile sets PATH anew (home.c) */
    arena_free(arena);
    return r;
}

static const char *visible_shell(const struct policy *policy, const char *shell)
{
    return shell && shell[0] == '/' && !strstr(shell, "..") && policy_access(policy, shell).exec ? shell : "/bin/sh";
}

static int set_always(const struct policy *policy, char *const *host_env, struct strv *env)
{
    const char *user = policy->user && *policy->user ? policy->user : "user";
    const struct {
        const char *name, *value;
    } always[] = {
        { "HOME", policy->home_target ? policy->home_target : "/" },
        { "USER", user },
        { "LOGNAME", user },
        { "SHELL", visible_shell(policy, find(host_env, "SHELL")) },
        { "TMPDIR", "/tmp" },
        { "AGENTJAIL", "1" },
    };
    for (size_t i = 0; i < ELEMENTSOF(always); i++) {
        int r = set(env, always[i].name, always[i].value);
        if (r < 0)
            return r;
    }
    int r = open_url_wanted(policy) ? set(env, "BROWSER", OPENER_DIR "/" OPENER_NAME) : 0;
    if (r < 0)
        return r;
    return set_path(policy, find(host_env, "PATH"), env);
}

/* --- rules --- */

/* May the host's variable pass? */
static bool passes(const struct policy *policy, const char *name, size_t len)
{
    bool by_glob = false;
    for (size_t i = 0; i < policy->n_env; i++) {
        const struct env_rule *rule = &policy->env[i];
        if (rule->value || !begins(name, len, rule->name))
            continue;
        if (rule->name[strlen(rule->name) - 1] != '*')
            return true;
        by_glob = true;
    }
    return by_glob && !makes_others_run(name, len);
}

static bool proper_name(const char *name, size_t len)
{
    if (len == 0 || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (c != '_' && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
            return false;
    }
    return true;
}

static int pass_on(const struct policy *policy, char *const *host_env, struct strv *env, struct strv *dropped)
{
    for (; *host_env; host_env++) {
        size_t len = strcspn(*host_env, "=");
        int r = 0;
        if (is_set(env, *host_env, len))
            continue; /* ours, or a second one of that name */
        if (!fence_on(FENCE_ENV) ||
            (proper_name(*host_env, len) && (*host_env)[len] == '=' && passes(policy, *host_env, len)))
            r = strv_add(env, *host_env);
        else if (dropped)
            r = strv_take(dropped, strndup(*host_env, len));
        if (r < 0)
            return r;
    }
    return 0;
}

int environment_build(const struct policy *policy, char *const *host_env, struct strv *ret_env,
                      struct strv *ret_dropped)
{
    _cleanup_strv_ struct strv env = { 0 }, dropped = { 0 };
    int r = 0;
    for (size_t i = 0; i < policy->n_env && r == 0; i++)
        if (policy->env[i].value)
            r = set(&env, policy->env[i].name, policy->env[i].value);
    if (r == 0)
        r = set_always(policy, host_env, &env);
    if (r == 0)
        r = pass_on(policy, host_env, &env, ret_dropped ? &dropped : NULL);
    if (r < 0)
        return r;
    *ret_env = env;
    env = (struct strv){ 0 };
    if (ret_dropped) {
        *ret_dropped = dropped;
        dropped = (struct strv){ 0 };
    }
    return 0;
}
