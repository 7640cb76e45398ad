/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bwrap/environment.h"

#include <string.h>

static size_t find(const struct strv *env, const char *name)
{
    size_t len = strlen(name);
    size_t i = 0;
    while (env->v && i < env->n && !(strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '='))
        i++;
    return i;
}

static int set(struct strv *env, const char *name, const char *value)
{
    char *text;
    size_t i = find(env, name);
    if (asprintf(&text, "%s=%s", name, value) < 0)
        return -ENOMEM;
    if (!env->v || i == env->n)
        return strv_take(env, text);
    free(env->v[i]);
    env->v[i] = text;
    return 0;
}

static void unset(struct strv *env, const char *name)
{
    size_t i;
    while (env->v && (i = find(env, name)) < env->n) {
        free(env->v[i]);
        memmove(&env->v[i], &env->v[i + 1], (env->n - i) * sizeof(*env->v));
        env->n--;
    }
}

int bwrap_environment(char *const *from, const struct bwrap_args *args, struct strv *ret_env, size_t *ret_pwd)
{
    _cleanup_strv_ struct strv env = { 0 };
    int r = 0;
    for (; *from && r >= 0; from++)
        r = strv_add(&env, *from);
    for (size_t i = 0; i < args->n_env && r >= 0; i++) {
        const struct bwrap_env *op = &args->env[i];
        if (!op->name)
            strv_free(&env);
        else if (!op->value)
            unset(&env, op->name);
        else
            r = set(&env, op->name, op->value);
    }
    if (r >= 0)
        r = set(&env, "PWD", "/");
    if (r < 0)
        return r;
    *ret_pwd = find(&env, "PWD");
    *ret_env = env;
    env = (struct strv){ 0 };
    return 0;
}
