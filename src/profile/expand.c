/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/merge.h"

#include <string.h>

#include "base/path.h"
#include "profile/path.h"

/* The value of ${name}; -ENOENT for an unknown name, -ENXIO for a workspace that there is not, -ENODATA for another
 * that has no value. */
static int variable(struct merge *m, const struct dirs *dirs, const char *name, size_t len, const char **ret)
{
    char uid[16];
    snprintf(uid, sizeof(uid), "%u", (unsigned)m->host->uid);
    const struct {
        const char *name;
        const char *value;
    } table[] = {
        { "HOME", dirs->home },
        { "WORKSPACE", m->policy->workspace },
        { "XDG_CONFIG_HOME", dirs->config },
        { "XDG_DATA_HOME", dirs->data },
        { "XDG_STATE_HOME", dirs->state },
        { "XDG_CACHE_HOME", dirs->cache },
        { "XDG_RUNTIME_DIR", dirs->runtime },
        { "USER", dirs->user },
        { "UID", uid },
    };
    for (size_t i = 0; i < ELEMENTSOF(table); i++) {
        if (strncmp(table[i].name, name, len) != 0 || table[i].name[len])
            continue;
        if (!table[i].value || !*table[i].value)
            return i == 1 ? -ENXIO : -ENODATA;
        *ret = arena_strdup(m->arena, table[i].value);
        return *ret ? 0 : -ENOMEM;
    }
    return -ENOENT;
}

/* Whose directories a setting means. Those of a ceiling are not for the user to move by setting variables. */
static int dirs_for(struct merge *m, const struct setting *s, const struct dirs **ret)
{
    bool ceiling = s->layer == LAYER_CEILING;
    *ret = ceiling ? &m->account : &m->dirs;
    if (!ceiling || m->has_account)
        return 0;
    m->has_account = true;
    return dirs_of_account(m->arena, m->host, &m->account, m->why);
}

static int variable_for(struct merge *m, const struct setting *s, const char *name, size_t len, const char **ret)
{
    const struct dirs *dirs;
    int r = dirs_for(m, s, &dirs);
    if (r < 0 || (r = variable(m, dirs, name, len, ret)) == 0)
        return r;
    if (r == -ENOENT)
        return setting_fail(s, m->why,
                            "${%.*s} is unknown; there are HOME, WORKSPACE, USER, UID, XDG_CONFIG_HOME, XDG_DATA_HOME, "
                            "XDG_STATE_HOME, XDG_CACHE_HOME, XDG_RUNTIME_DIR",
                            (int)len, name);
    if (r == -ENODATA && dirs == &m->account)
        return setting_fail(s, m->why, "${%.*s} has no value for this user in the passwd database; write the path", (int)len,
                            name);
    if (r == -ENODATA)
        return setting_fail(s, m->why, "${%.*s} has no value here; set HOME (and USER), or write the path", (int)len,
                            name);
    return r;
}

int expand(struct merge *m, const struct setting *s, const char *text, char **ret_text)
{
    const char *value = "";
    int r;
    if (text[0] != '~' && !strstr(text, "${")) {
        *ret_text = arena_strdup(m->arena, text);
        return *ret_text ? 0 : -ENOMEM;
    }

    _cleanup_buf_ struct buf out = { 0 };
    if (text[0] == '~') {
        if (text[1] && text[1] != '/')
            return setting_fail(s, m->why, "\"~%s\" names another user's home; write the path", text + 1);
        r = variable_for(m, s, "HOME", 4, &value);
        if (r < 0 || (r = buf_str(&out, value)) < 0)
            return r;
        text++;
    }
    for (const char *dollar; (dollar = strstr(text, "${"));) {
        const char *name = dollar + 2, *close = strchr(name, '}');
        if (!close)
            return setting_fail(s, m->why, "\"${\" without \"}\"; write ${NAME}");
        r = variable_for(m, s, name, (size_t)(close - name), &value);
        if (r < 0 || (r = buf_add(&out, text, (size_t)(dollar - text))) < 0 || (r = buf_str(&out, value)) < 0)
            return r;
        text = close + 1;
    }
    r = buf_str(&out, text);
    if (r < 0)
        return r;
    *ret_text = arena_strndup(m->arena, out.data, out.len);
    return *ret_text ? 0 : -ENOMEM;
}

int merge_path(struct merge *m, const struct setting *s, char **ret_path, bool *ret_optional)
{
    const char *text = s->value;
    bool optional = text[0] == '-';
    text += optional;

    char *expanded = NULL, *path;
    int r = expand(m, s, text, &expanded);
    if (r < 0 || !expanded)
        return r;
    enum grant_kind kind = (enum grant_kind)s->option->place.value;
    bool in_workspace = s->option == &options[OPTION_UNPROTECT] || kind == GRANT_PROTECT || kind == GRANT_HIDE;
    if (!*expanded)
        return setting_fail(s, m->why, "no path; write %s = /some/path", s->name);
    if (expanded[0] != '/' && in_workspace && !m->policy->workspace)
        return -ENXIO;

    bool written_here = s->layer == LAYER_COMMAND_LINE;
    r = path_from(m->arena, in_workspace ? m->policy->workspace : written_here ? m->cwd : NULL, expanded, &path);
    if (r == -ENOENT && written_here)
        return setting_fail(s, m->why, "the current directory no longer exists; write an absolute path");
    if (r == -ENOENT)
        return setting_fail(s, m->why,
                            "\"%s\" is relative; write an absolute path, or one that begins with ~/ or "
                            "${WORKSPACE}/",
                            expanded);
    if (r == -ELOOP)
        return setting_fail(s, m->why,
                            "\"..\" inside a path may mean another directory than it seems; write the path "
                            "without it");
    if (r == -ENAMETOOLONG)
        return setting_fail(s, m->why, "path is longer than %d bytes", PATH_LONGEST);
    if (r < 0)
        return r;
    if (in_workspace && expanded[0] != '/' && !path_within(path, m->policy->workspace))
        return setting_fail(s, m->why, "\"%s\" leads out of the workspace; write an absolute path", expanded);
    *ret_path = path;
    *ret_optional = optional;
    return 0;
}
