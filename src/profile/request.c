/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/request.h"

#include <string.h>

#include "profile/nearest.h"
#include "profile/option_elsewhere.h"

static int unknown_option(const char *arg, size_t len, struct buf *why)
{
    _cleanup_free_ char *name = strndup(arg, len);
    if (!name)
        return -ENOMEM;
    const char *instead = option_elsewhere(name);
    if (instead)
        return buf_printf(why, "--%s: an option of bubblewrap's: %s; for bubblewrap's own sandbox, agentjail --bwrap ...", name,
                          instead) < 0 ? -ENOMEM : -EINVAL;
    struct nearest nearest = { .word = name };
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].name)
            nearest_try(&nearest, options[i].name);
    if (nearest.name)
        (void)buf_printf(why, "--%s: unknown option; did you mean --%s?", name, nearest.name);
    else
        (void)buf_printf(why, "--%s: unknown option; see agentjail --help", name);
    return -EINVAL;
}

static const char *mode_name(enum mode mode)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if ((options[i].flags & OPTION_MODE) && options[i].place.value == (size_t)mode)
            return options[i].name;
    return "?";
}

/* What needs no merging is taken here, the rest kept in order. */
static int take(struct policy_request *q, const struct option *option, const char *value, char *const *more,
                struct buf *why)
{
    if (option->flags & OPTION_MODE) {
        enum mode mode = (enum mode)option->place.value;
        if (q->mode != MODE_RUN && q->mode != mode) {
            (void)buf_printf(why, "--%s: only one of --%s and --%s at a time", option->name, mode_name(q->mode),
                             option->name);
            return -EINVAL;
        }
        if (value && !*value) {
            (void)buf_printf(why, "--%s=: of what? Write --%s=%s", option->name, option->name, option->argument);
            return -EINVAL;
        }
        q->mode = mode;
        q->subject = value;
        if (mode == MODE_RESET_HOME && value && strcmp(value, "yes") != 0) {
            (void)buf_printf(why, "--%s=%s: write --%s=yes, or --%s to be asked", option->name, value, option->name,
                             option->name);
            return -EINVAL;
        }
    } else if (option == &options[OPTION_PROFILE]) {
        if (!value || !*value) {
            (void)buf_str(why, "--profile=: no name; write --profile=NAME, or leave it out");
            return -EINVAL;
        }
        q->profile = value;
    } else if (option == &options[OPTION_JSON]) {
        q->json = true;
    } else if (option == &options[OPTION_SUMMARY]) {
        if (value && !*value) {
            (void)buf_str(why, "--summary=: to which file? Write --summary=FILE.html, or --summary alone");
            return -EINVAL;
        }
        q->summarise = true;
        q->summary = value;
    } else if (option == &options[OPTION_LEARN]) {
        if (!value || !*value) {
            (void)buf_str(why, "--learn=: under which name? Write --learn=NAME");
            return -EINVAL;
        }
        q->learn = value;
    } else if (option == &options[OPTION_ALL_USERS]) {
        q->all_users = true;
    } else if (option == &options[OPTION_IMPORT_CREDENTIALS]) {
        q->import_credentials = true;
    } else if (option == &options[OPTION_CHDIR]) {
        if (!value || !*value) {
            (void)buf_str(why, "--chdir=: where to? Write --chdir=DIR");
            return -EINVAL;
        }
        q->chdir = value;
    } else if (option == &options[OPTION_DIE_WITH_PARENT]) {
        q->die_with_parent = true;
    } else if (option == &options[OPTION_QUIET]) {
        q->quiet = true;
    } else if (option == &options[OPTION_VERBOSE]) {
        q->verbose++;
    } else {
        q->options[q->n_options++] = (struct request_option){ option, value, more };
    }
    return 0;
}

/* One "--name", "--name=value" or "--name value". *i is moved over values that were arguments of their own. */
static int take_long(struct policy_request *q, int argc, char **argv, int *i, struct buf *why)
{
    const char *arg = argv[*i] + 2;
    const char *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct option *option = option_by_name(arg, len);
    if (!option)
        return unknown_option(arg, len, why);

    const char *value = equals ? equals + 1 : NULL;
    if (value && (option->flags & OPTION_NO_ARGUMENT)) {
        (void)buf_printf(why, "--%s: takes no value; write --%s", arg, option->name);
        return -EINVAL;
    }
    unsigned n = option_arguments(option);
    if (n > 1 && (value || argc - *i <= (int)n)) {
        (void)buf_printf(why, "--%s: takes %s values, each a word of its own; write --%s %s", option->name,
                         n == 2 ? "two" : "three", option->name, option->argument);
        return -EINVAL;
    }
    if (!value && n > 0 && *i + 1 >= argc) {
        (void)buf_printf(why, "--%s: needs a value; write --%s=%s", option->name, option->name, option->argument);
        return -EINVAL;
    }
    char *const *more = n > 1 ? argv + *i + 2 : NULL;
    if (!value && n > 0) {
        value = argv[*i + 1];
        *i += (int)n;
    }
    return take(q, option, value, more, why);
}

/* "-v", "-vv": letters of options without arguments. */
static int take_letters(struct policy_request *q, const char *arg, struct buf *why)
{
    for (const char *p = arg + 1; *p; p++) {
        const struct option *option = option_by_letter(*p);
        if (!option) {
            (void)buf_printf(why, "%s: unknown option; see agentjail --help", arg);
            return -EINVAL;
        }
        int r = take(q, option, NULL, NULL, why);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Changes belong to a running jail, and nothing else does to changes. False with a message in why. */
static bool check_changes(const struct policy_request *q, struct buf *why)
{
    for (size_t i = 0; i < q->n_options; i++) {
        const struct option *o = q->options[i].option;
        bool change = o == &options[OPTION_GRANT] || o == &options[OPTION_REVOKE] || o == &options[OPTION_UNPUBLISH];
        if (q->mode == MODE_CHANGE && !change && o != &options[OPTION_PUBLISH])
            (void)buf_printf(why, "--%s: cannot be changed while a jail runs; only --grant, --revoke, --publish and "
                                  "--unpublish", o->name);
        else if (q->mode != MODE_CHANGE && change)
            (void)buf_printf(why, "--%s: in which jail? Write --id=ID, too (agentjail --list names them)%s", o->name,
                             o == &options[OPTION_GRANT] ? "; for a new one, --net-allow" : "");
        else
            continue;
        return false;
    }
    if (q->mode != MODE_CHANGE || q->n_options)
        return true;
    (void)buf_str(why, "--id: what is to change? Write --grant=RULE, --revoke=RULE, --publish=PORT or --unpublish=PORT, too");
    return false;
}

/* Filters belong to a log, the key to a check of one. False with a message in why. */
static bool check_log(const struct policy_request *q, struct buf *why)
{
    for (size_t i = 0; i < q->n_options; i++) {
        const struct option *o = q->options[i].option;
        bool filter = o >= &options[OPTION_LOG_FOLLOW] && o <= &options[OPTION_LOG_UNTIL], key = o == &options[OPTION_KEY];
        if (filter ? q->mode == MODE_LOG : key ? q->mode == MODE_VERIFY : q->mode != MODE_LOG && q->mode != MODE_VERIFY)
            continue;
        if (filter || key)
            (void)buf_printf(why, "--%s: only with --%s", o->name, filter ? "log" : "verify");
        else
            (void)buf_printf(why, "--%s: has no meaning with --%s; leave it out", o->name, mode_name(q->mode));
        return false;
    }
    return true;
}

/* What stands beside a mode must mean something there: a run that was meant must not become a list. */
static int check_mode(const struct policy_request *q, struct buf *why)
{
    bool running = q->mode == MODE_LIST || q->mode == MODE_INSPECT || q->mode == MODE_KILL || q->mode == MODE_FREEZE ||
                   q->mode == MODE_THAW || q->mode == MODE_CHANGE;
    bool logs = q->mode == MODE_LOG || q->mode == MODE_VERIFY;
    bool bare = running || logs || q->mode == MODE_PROFILES || q->mode == MODE_SHOW || q->mode == MODE_CHECK;
    const char *name = q->mode == MODE_RUN ? NULL : mode_name(q->mode);
    if (q->all_users && !running)
        (void)buf_str(why, "--all-users: only with a mode about running jails, such as --list");
    else if (q->summarise && q->mode != MODE_RUN && q->mode != MODE_LOG)
        (void)buf_printf(why, "--summary: has no meaning with --%s; only with a command, or --log", name);
    else if (q->learn && q->mode != MODE_RUN)
        (void)buf_printf(why, "--learn: has no meaning with --%s; only with a command, which is run", name);
    else if (q->learn && q->profile)
        (void)buf_str(why, "--learn: begins from what every command may, and not from a profile; leave --profile out");
    else if ((q->chdir || q->die_with_parent) && q->mode != MODE_RUN && q->mode != MODE_DRY_RUN && q->mode != MODE_EXPLAIN)
        (void)buf_printf(why, "--%s: has no meaning with --%s; only with a command", q->chdir ? "chdir" : "die-with-parent",
                         name);
    else if (q->json && (q->mode == MODE_RUN || q->mode == MODE_VERSION || q->mode == MODE_HELP || q->mode == MODE_RESET_HOME))
        (void)buf_str(why, "--json: only with a mode that prints something, such as --list or --explain");
    else if (!check_changes(q, why) || !check_log(q, why))
        return -EINVAL;
    else if (bare && !logs && q->mode != MODE_CHANGE && q->n_options)
        (void)buf_printf(why, "--%s: has no meaning with --%s; leave it out", q->options[0].option->name, name);
    else if (bare && q->profile)
        (void)buf_printf(why, "--profile: has no meaning with --%s; leave it out", name);
    else if (q->command[0] && bare)
        (void)buf_printf(why, "%s: --%s takes no command; leave it out", q->command[0], name);
    else
        return 0;
    return -EINVAL;
}

static int check_command(const struct policy_request *q, struct buf *why)
{
    if (q->command[0] && !q->command[0][0]) {
        (void)buf_str(why, "the command is an empty word; write agentjail [OPTIONS] [--] COMMAND [ARG...]");
        return -EINVAL;
    }
    if ((q->mode == MODE_RUN || q->mode == MODE_DRY_RUN) && !q->command[0]) {
        (void)buf_str(why, "no command; write agentjail [OPTIONS] [--] COMMAND [ARG...], or agentjail --help");
        return -EINVAL;
    }
    return 0;
}

int request_parse(int argc, char **argv, struct policy_request *ret, struct buf *why)
{
    struct policy_request q = { .mode = MODE_RUN };
    q.options = calloc((size_t)(argc > 0 ? argc : 1), sizeof(*q.options));
    if (!q.options)
        return -ENOMEM;

    int i = argc > 0 ? 1 : 0, r = 0;
    for (; i < argc && r == 0; i++) {
        const char *arg = argv[i];
        if (arg[0] != '-' || arg[1] == '\0')
            break;
        if (strcmp(arg, "--") == 0) {
            i++;
            break;
        }
        r = arg[1] == '-' ? take_long(&q, argc, argv, &i, why) : take_letters(&q, arg, why);
    }
    q.command_index = i;
    q.command = argv + i;
    if (r == 0)
        r = check_mode(&q, why);
    if (r == 0)
        r = check_command(&q, why);
    if (r < 0) {
        request_free(&q);
        return r;
    }
    *ret = q;
    return 0;
}

void request_free(struct policy_request *request)
{
    free(request->options);
    *request = (struct policy_request){ 0 };
}
