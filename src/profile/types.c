/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/types.h"

#include <string.h>

#include "base/parse.h"
#include "base/path.h"
#include "profile/import.h"
#include "profile/merge.h"
#include "profile/nearest.h"
#include "profile/path.h"

static void *field(const struct merge *m, const struct setting *s)
{
    return (char *)m->policy + s->option->place.value;
}

static const void *shown(const struct policy *policy, const struct option *option)
{
    return (const char *)policy + option->place.value;
}

/* --- words: one of a few, in order of width --- */

static const struct word network_words[] = {
    { "none", NETWORK_NONE, 0 },
    { "filtered", NETWORK_FILTERED, 1 },
    { "open", NETWORK_OPEN, 2 },
    { "host", NETWORK_HOST, 3 },
    { NULL, 0, 0 },
};
static const struct word backend_words[] = {
    { "microvm", BACKEND_MICROVM, 0 },
    { "-microvm", BACKEND_MICROVM_OPTIONAL, 1 },
    { "auto", BACKEND_AUTO, 2 },
    { "namespace", BACKEND_NAMESPACE, 3 },
    { NULL, 0, 0 },
};
static const struct word accel_words[] = { { "kvm", ACCEL_KVM, 0 }, { "tcg", ACCEL_TCG, 1 }, { NULL, 0, 0 } };
static const struct word terminal_words[] = {
    { "safe", TERMINAL_SAFE, 0 },
    { "full", TERMINAL_FULL, 1 },
    { NULL, 0, 0 },
};
static const struct word home_words[] = {
    { "none", HOME_NONE, 0 },
    { "temporary", HOME_TEMPORARY, 1 },
    { "persistent", HOME_PERSISTENT, 2 },
    { NULL, 0, 0 },
};
static const struct word dns_words[] = {
    { "synthetic", DNS_SYNTHETIC, 0 },
    { "real", DNS_REAL, 1 },
    { NULL, 0, 0 },
};
static const struct word unknown_words[] = { { "deny", UNKNOWN_DENY, 0 }, { "ask", UNKNOWN_ASK, 1 }, { NULL, 0, 0 } };
static const struct word open_url_words[] = {
    { "deny", OPEN_URL_DENY, 0 },
    { "ask", OPEN_URL_ASK, 1 },
    { "allow", OPEN_URL_ALLOW, 2 },
    { NULL, 0, 0 },
};
static const struct word gateway_lost_words[] = {
    { "stop", GATEWAY_LOST_STOP, 0 },
    { "continue", GATEWAY_LOST_CONTINUE, 1 },
    { NULL, 0, 0 },
};
/* A wider one leaves less of a record. */
static const struct word evidence_level_words[] = {
    { "all", EVIDENCE_ALL, 0 },
    { "writes", EVIDENCE_WRITES, 1 },
    { "off", EVIDENCE_OFF, 2 },
    { NULL, 0, 0 },
};
static const struct word evidence_sink_words[] = {
    { "file", EVIDENCE_FILE, 0 },
    { "auto", EVIDENCE_AUTO, 1 },
    { "none", EVIDENCE_NONE, 2 },
    { NULL, 0, 0 },
};
static const struct word evidence_full_words[] = { { "stop", EVIDENCE_STOP, 0 }, { "drop", EVIDENCE_DROP, 1 }, { NULL, 0, 0 } };
static const struct word alert_action_words[] = {
    { "end", ALERT_END, 0 }, { "freeze", ALERT_FREEZE, 1 }, { "tell", ALERT_TELL, 2 }, { NULL, 0, 0 },
};
static const struct word git_words[] = { { "none", GIT_NONE, 0 }, { "identity", GIT_IDENTITY, 1 }, { NULL, 0, 0 } };
static const struct word nested_words[] = { { "deny", false, 0 }, { "allow", true, 1 }, { NULL, 0, 0 } };
static const struct word spawn_words[] = { { "no", true, 0 }, { "yes", false, 1 }, { NULL, 0, 0 } };
static const struct word loopback_words[] = { { "no", false, 0 }, { "yes", true, 1 }, { NULL, 0, 0 } };
static const struct word strict_words[] = { { "yes", true, 0 }, { "no", false, 1 }, { NULL, 0, 0 } };

static int unknown_word(const struct merge *m, const struct setting *s)
{
    _cleanup_buf_ struct buf list = { 0 };
    struct nearest nearest = { .word = s->value };
    int r = words_list(s->option->type->words, &list);
    if (r < 0)
        return r;
    for (const struct word *w = s->option->type->words; w && w->name; w++)
        nearest_try(&nearest, w->name);
    return setting_fail(s, m->why, "\"%s\" is none of its values; write %s%s%s", s->value, list.data,
                        nearest.name ? "; did you mean " : "", nearest.name ? nearest.name : "");
}

static int find_word(const struct merge *m, const struct setting *s, const struct word **ret)
{
    /* "--strict" alone says yes, which is the first of its words */
    *ret = s->value ? word_by_name(s->option->type->words, s->value) : s->option->type->words;
    return *ret ? 0 : unknown_word(m, s);
}

static void note_origin(const struct merge *m, const struct setting *s)
{
    struct origin *origin = (struct origin *)((char *)m->policy + s->option->place.origin);
    *origin = s->origin;
}

static int set_enum(struct merge *m, const struct setting *s)
{
    const struct word *word;
    int r = find_word(m, s, &word);
    if (r < 0)
        return r;
    *(unsigned *)field(m, s) = (unsigned)word->value; /* enums of policy.h are unsigned int */
    note_origin(m, s);
    return 0;
}

_Static_assert(sizeof(enum network_mode) == sizeof(unsigned), "set_enum() writes unsigned");

static int set_bool(struct merge *m, const struct setting *s)
{
    const struct word *word;
    int r = find_word(m, s, &word);
    if (r < 0)
        return r;
    *(bool *)field(m, s) = word->value;
    note_origin(m, s);
    return 0;
}

static int show_enum(const struct policy *policy, const struct option *option, struct buf *out)
{
    return buf_str(out, word_by_value(option->type->words, (int)*(const unsigned *)shown(policy, option))->name);
}

static int show_bool(const struct policy *policy, const struct option *option, struct buf *out)
{
    return buf_str(out, word_by_value(option->type->words, *(const bool *)shown(policy, option))->name);
}

/* --- fences: a name, optional with '-' --- */

static int set_fence(struct merge *m, const struct setting *s)
{
    struct fence fence = { .optional = s->value[0] == '-', .origin = s->origin };
    const char *name = s->value + fence.optional;
    bool is_filter = s->option == &options[OPTION_FILTER];
    if (setting_empties(s)) {
        fence = (struct fence){ .value = is_filter ? arena_strdup(m->arena, "default") : NULL };
    } else if (is_filter && strchr(name, '/')) {
        char *text;
        int r = expand(m, s, name, &text);
        if (r < 0)
            return r == -ENXIO ? setting_fail(s, m->why, "a filter cannot lie in the workspace; name another place")
                               : r;
        r = path_from(m->arena, s->layer == LAYER_COMMAND_LINE ? m->cwd : NULL, text, &fence.value);
        if (r < 0)
            return setting_fail(s, m->why, "\"%s\" is no absolute path without \"..\"; write one", text);
    } else {
        if (is_filter ? !name_is_plain(name) : !*name)
            return setting_fail(s, m->why, "\"%s\" is no name; write %s", s->value, s->option->type->form);
        fence.value = arena_strdup(m->arena, name);
        if (!fence.value)
            return -ENOMEM;
    }
    *(struct fence *)field(m, s) = fence;
    return 0;
}

static int set_landlock(struct merge *m, const struct setting *s)
{
    struct fence *fence = field(m, s);
    bool on, optional = s->value[0] == '-';
    if (setting_empties(s)) {
        *fence = (struct fence){ .value = arena_strdup(m->arena, "on"), .optional = true };
        return fence->value ? 0 : -ENOMEM;
    }
    if (parse_bool(s->value + optional, &on) < 0 || (optional && !on))
        return setting_fail(s, m->why, "\"%s\" is none of its values; write %s", s->value, s->option->type->form);
    *fence = (struct fence){ .value = on ? arena_strdup(m->arena, "on") : NULL,
                             .optional = optional,
                             .origin = s->origin };
    return on && !fence->value ? -ENOMEM : 0;
}

static int set_guard(struct merge *m, const struct setting *s)
{
    struct fence fence = { .origin = s->origin, .optional = s->value[0] == '-' };
    const char *word = s->value + fence.optional;
    bool known = strcmp(word, "on") == 0 || (!fence.optional && (strcmp(word, "off") == 0 || strcmp(word, "auto") == 0));
    if (setting_empties(s)) {
        *(struct fence *)field(m, s) = (struct fence){ 0 };
        return 0;
    }
    if (!known)
        return setting_fail(s, m->why, "\"%s\" is none of its values; write %s", s->value, s->option->type->form);
    if (strcmp(word, "auto") != 0 && !(fence.value = arena_strdup(m->arena, word)))
        return -ENOMEM;
    *(struct fence *)field(m, s) = fence;
    return 0;
}

static int show_fence(const struct policy *policy, const struct option *option, struct buf *out)
{
    const struct fence *f = shown(policy, option);
    if (!f->value)
        return buf_str(out, option == &options[OPTION_LANDLOCK] ? "off" : option == &options[OPTION_GUARD] ? "auto" : "");
    return buf_printf(out, "%s%s", f->optional ? "-" : "", f->value);
}

/* --- limits: a number --- */

static int set_limit(struct merge *m, const struct setting *s)
{
    const struct option_type *type = s->option->type;
    struct limit limit = { .set = true, .origin = s->origin, .optional = s->value[0] == '-' };
    if (setting_empties(s)) {
        limit = (struct limit){ 0 };
    } else {
        bool ours = s->option == &options[OPTION_EVIDENCE_KEEP] || s->option == &options[OPTION_EVIDENCE_SIZE] ||
                    s->option == &options[OPTION_EVIDENCE_ROTATE];
        ours = ours || s->option == &options[OPTION_ALERT_SENT] || s->option == &options[OPTION_ALERT_DENIED];
        if (limit.optional && (ours || s->option == &options[OPTION_TIME]))
            return setting_fail(s, m->why, "every host can hold this one; write it without '-'");
        int r = type->number(s->value + limit.optional, &limit.value);
        if (r == -ERANGE)
            return setting_fail(s, m->why, "\"%s\" is too large; write %s, or nothing for no limit", s->value,
                                type->form);
        if (r < 0 || limit.value == 0)
            return setting_fail(s, m->why, "\"%s\" cannot be its value; write %s", s->value, type->form);
    }
    *(struct limit *)field(m, s) = limit;
    return 0;
}

static int show_limit(const struct policy *policy, const struct option *option, struct buf *out)
{
    const struct limit *l = shown(policy, option);
    if (!l->set)
        return 0;
    const char *unit = option == &options[OPTION_CPU] ? "%" : option->type == &type_duration ? "ms" : "";
    return buf_printf(out, "%s%llu%s", l->optional ? "-" : "", (unsigned long long)l->value, unit);
}

/* --- text and the workspace --- */

static int set_description(struct merge *m, const struct setting *s)
{
    m->policy->description = setting_empties(s) ? NULL : arena_strdup(m->arena, s->value);
    return 0;
}

static int show_description(const struct policy *policy, const struct option *option, struct buf *out)
{
    (void)option;
    return policy->description ? buf_str(out, policy->description) : 0;
}

/* Only noted: workspace.c looks for it when all is read. */
static int set_workspace(struct merge *m, const struct setting *s)
{
    m->workspace = setting_empties(s) ? NULL : s;
    return 0;
}

static int show_workspace(const struct policy *policy, const struct option *option, struct buf *out)
{
    (void)option;
    return buf_str(out, policy->workspace ? policy->workspace : "none");
}

/* --- lists --- */

/* The workspace is no entry of the write list: it has a key of its own. */
static void empty_grants(struct merge *m, enum grant_kind kind)
{
    for (size_t i = m->policy->n_grants; i-- > 0;)
        if (m->policy->grants[i].kind == kind && m->grant_settings[i])
            merge_drop_grant(m, i);
}

static int check_grant(const struct merge *m, const struct setting *s, enum grant_kind kind, const char *path)
{
    if (kind == GRANT_DEVICE && (!path_within(path, "/dev") || strcmp(path, "/dev") == 0))
        return setting_fail(s, m->why, "%s is not below /dev; for other files write read or write", path);
    if ((kind == GRANT_HIDE || kind == GRANT_SCRATCH) && strcmp(path, "/") == 0)
        return setting_fail(s, m->why, "the root directory cannot be %s; name a directory below it",
                            kind == GRANT_HIDE ? "hidden" : "scratch");
    return 0;
}

static int set_grant(struct merge *m, const struct setting *s)
{
    enum grant_kind kind = (enum grant_kind)s->option->place.value;
    char *path;
    bool optional;
    if (setting_empties(s)) {
        empty_grants(m, kind);
        return 0;
    }
    int r = merge_path(m, s, &path, &optional);
    if (r == -ENXIO)
        return 0; /* nothing to grant without a workspace */
    if (r < 0 || (r = check_grant(m, s, kind, path)) < 0)
        return r;
    return merge_grant(m, kind, path, optional, s->origin, s);
}

static int set_unprotect(struct merge *m, const struct setting *s)
{
    char *path;
    bool optional, found = false;
    if (setting_empties(s))
        return setting_fail(s, m->why, "no path; to protect nothing at all write protect =");
    int r = merge_path(m, s, &path, &optional);
    if (r == -ENXIO)
        return 0;
    if (r < 0)
        return r;
    for (size_t i = m->policy->n_grants; i-- > 0;) {
        const struct grant *g = &m->policy->grants[i];
        if (g->kind == GRANT_PROTECT && strcmp(g->path, path) == 0) {
            merge_drop_grant(m, i);
            found = true;
        }
    }
    if (!found && !optional)
        return setting_fail(s, m->why, "%s is not on the protect list; see agentjail --explain for what is", path);
    return 0;
}

static void empty_imports(struct policy *p, bool credential)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_imports; i++)
        if (p->imports[i].credential != credential)
            p->imports[kept++] = p->imports[i];
    p->n_imports = kept;
}

static int set_import(struct merge *m, const struct setting *s)
{
    struct policy *p = m->policy;
    struct import import = { .credential = s->option == &options[OPTION_CREDENTIALS], .origin = s->origin };
    if (setting_empties(s)) {
        empty_imports(p, import.credential);
        return 0;
    }
    int r = merge_path(m, s, &import.path, &import.optional);
    if (r < 0)
        return r == -ENXIO ? 0 : r;
    const char *home = m->dirs.home;
    if (!home || !path_within(import.path, home) || strcmp(import.path, home) == 0)
        return setting_fail(s, m->why, "%s is not below your home directory; for other files write read", import.path);
    if (!import.credential && import_is_credential(import.path + strlen(home)))
        return setting_fail(s, m->why, "%s may hold credentials; write credentials = %s, and run once with "
                            "--import-credentials", import.path, s->value);
    for (size_t i = 0; i < p->own_paths.n; i++)
        if (path_within(import.path, p->own_paths.v[i]) || path_within(p->own_paths.v[i], import.path))
            return setting_fail(s, m->why, "agentjail's own files lie in %s; name what is needed of it", import.path);
    if (p->n_imports == m->imports_size) {
        size_t size = m->imports_size ? m->imports_size * 2 : 16;
        struct import *imports = reallocarray(p->imports, size, sizeof(*imports));
        if (!imports)
            return -ENOMEM;
        p->imports = imports;
        m->imports_size = size;
    }
    p->imports[p->n_imports++] = import;
    return 0;
}

static bool env_name(const char *name, bool glob)
{
    if (glob && strcmp(name, "*") == 0)
        return true;
    if (!*name || (*name >= '0' && *name <= '9'))
        return false;
    for (; *name; name++) {
        char c = *name;
        bool star = c == '*' && glob && !name[1];
        if (!star && c != '_' && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
            return false;
    }
    return true;
}

static void drop_env(struct policy *p, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_env; i++)
        if (name && strcmp(p->env[i].name, name) != 0)
            p->env[kept++] = p->env[i];
    p->n_env = kept;
}

/* NAME, NAME = VALUE, -NAME (taken off the list), NAME* (the host's). A later rule replaces one of the same name. */
static int set_env(struct merge *m, const struct setting *s)
{
    struct policy *p = m->policy;
    const char *name = s->name;
    bool off = name[0] == '-';
    name += off;
    if (setting_empties(s)) {
        drop_env(p, NULL);
        return 0;
    }
    if (!env_name(name, !s->value) || (off && s->value))
        return setting_fail(s, m->why,
                            "not a variable; write NAME, NAME* or NAME = VALUE (-NAME takes one off the list)");
    drop_env(p, name);
    if (off)
        return 0;

    struct env_rule rule = { .name = arena_strdup(m->arena, name), .origin = s->origin };
    if (!rule.name)
        return -ENOMEM;
    if (s->value && s->layer == LAYER_COMMAND_LINE) {
        rule.value = arena_strdup(m->arena, s->value); /* the shell has expanded what was to be */
        if (!rule.value)
            return -ENOMEM;
    } else if (s->value) {
        int r = expand(m, s, s->value, &rule.value);
        if (r < 0)
            return r == -ENXIO ? 0 : r;
    }
    if (p->n_env == m->env_size) {
        size_t size = m->env_size ? m->env_size * 2 : 64;
        struct env_rule *env = reallocarray(p->env, size, sizeof(*env));
        if (!env)
            return -ENOMEM;
        p->env = env;
        m->env_size = size;
    }
    p->env[p->n_env++] = rule;
    return 0;
}

/* Its forms are evidence/forward.c's, which is not for us to include. */
static int set_forward(struct merge *m, const struct setting *s)
{
    const char *v = s->value;
    bool known = setting_empties(s) || strcmp(v, "journal") == 0 || strcmp(v, "syslog") == 0 || strncmp(v, "unix:/", 6) == 0 ||
                 strncmp(v, "fd:", 3) == 0;
    uint64_t number;
    if (!known || (strncmp(v, "fd:", 3) == 0 && (parse_u64(v + 3, &number) < 0 || number < 3)))
        return setting_fail(s, m->why, "\"%s\" is none of its values; write %s", v, s->option->type->form);
    m->policy->evidence_forward = setting_empties(s) ? NULL : arena_strdup(m->arena, v);
    note_origin(m, s);
    return setting_empties(s) || m->policy->evidence_forward ? 0 : -ENOMEM;
}

static int show_forward(const struct policy *policy, const struct option *option, struct buf *out)
{
    (void)option;
    return policy->evidence_forward ? buf_str(out, policy->evidence_forward) : 0;
}

static int set_kernel(struct merge *m, const struct setting *s)
{
    char *path = NULL;
    if (!setting_empties(s)) {
        char *text;
        int r = expand(m, s, s->value, &text);
        if (r < 0)
            return r == -ENXIO ? setting_fail(s, m->why, "a kernel cannot lie in the workspace; name another place") : r;
        r = path_from(m->arena, s->layer == LAYER_COMMAND_LINE ? m->cwd : NULL, text, &path);
        if (r < 0)
            return setting_fail(s, m->why, "\"%s\" is no absolute path without \"..\"; write one", text);
    }
    m->policy->kernel = path;
    note_origin(m, s);
    return 0;
}

static int show_kernel(const struct policy *policy, const struct option *option, struct buf *out)
{
    (void)option;
    return policy->kernel ? buf_str(out, policy->kernel) : 0;
}

/* Acted on before merging (load.c, request.c, ceiling.c). */
static int set_nothing(struct merge *m, const struct setting *s)
{
    (void)m;
    (void)s;
    return 0;
}

const struct option_type type_mode = { .set = set_nothing }, type_front = { .set = set_nothing };
const struct option_type type_match = { .set = set_nothing, .form = "names of commands" };
const struct option_type type_include = { .set = set_nothing, .form = "the name of a profile file" };
const struct option_type type_ceiling = { .set = set_nothing };
const struct option_type type_operation = { .set = set_nothing }; /* asked.c */
const struct option_type type_description = { .set = set_description, .show = show_description };
const struct option_type type_workspace = { .set = set_workspace,
                                            .show = show_workspace,
                                            .form = "a path, auto or none" };
const struct option_type type_home = { .set = set_enum, .show = show_enum, .words = home_words };
const struct option_type type_git = { .set = set_enum, .show = show_enum, .words = git_words };
const struct option_type type_network = { .set = set_enum, .show = show_enum, .words = network_words };
const struct option_type type_dns = { .set = set_enum, .show = show_enum, .words = dns_words };
const struct option_type type_unknown = { .set = set_enum, .show = show_enum, .words = unknown_words };
const struct option_type type_open_url = { .set = set_enum, .show = show_enum, .words = open_url_words };
const struct option_type type_gateway_lost = { .set = set_enum, .show = show_enum, .words = gateway_lost_words };
const struct option_type type_evidence_level = { .set = set_enum, .show = show_enum, .words = evidence_level_words };
const struct option_type type_evidence_sink = { .set = set_enum, .show = show_enum, .words = evidence_sink_words };
const struct option_type type_evidence_full = { .set = set_enum, .show = show_enum, .words = evidence_full_words };
const struct option_type type_alert_action = { .set = set_enum, .show = show_enum, .words = alert_action_words };
const struct option_type type_forward = { .set = set_forward,
                                          .show = show_forward,
                                          .form = "journal, syslog, unix:/PATH or fd:NUMBER" };
const struct option_type type_backend = { .set = set_enum, .show = show_enum, .words = backend_words };
const struct option_type type_accel = { .set = set_enum, .show = show_enum, .words = accel_words };
const struct option_type type_kernel = { .set = set_kernel, .show = show_kernel, .form = "a path" };
const struct option_type type_terminal = { .set = set_enum, .show = show_enum, .words = terminal_words };
const struct option_type type_nested = { .set = set_bool, .show = show_bool, .words = nested_words };
const struct option_type type_spawn = { .set = set_bool, .show = show_bool, .words = spawn_words };
const struct option_type type_loopback = { .set = set_bool, .show = show_bool, .words = loopback_words };
const struct option_type type_strict = { .set = set_bool, .show = show_bool, .words = strict_words };
const struct option_type type_fence = { .set = set_fence,
                                        .show = show_fence,
                                        .form = "a name, or -name to do without it" };
const struct option_type type_landlock = { .set = set_landlock, .show = show_fence, .form = "on, -on or off" };
const struct option_type type_guard = { .set = set_guard, .show = show_fence, .form = "auto, on, -on or off" };
const struct option_type type_size = {
    .set = set_limit, .show = show_limit, .number = parse_size, .form = "a size such as 2G"
};
const struct option_type type_cpu = {
    .set = set_limit, .show = show_limit, .number = parse_cpu, .form = "150% or 1.5"
};
const struct option_type type_count = {
    .set = set_limit, .show = show_limit, .number = parse_u64, .form = "a number such as 200"
};
const struct option_type type_duration = {
    .set = set_limit, .show = show_limit, .number = parse_duration, .form = "a time such as 90, 5m or 1h30m"
};
const struct option_type type_grant = { .set = set_grant,
                                        .form = "an absolute path, - before it if it may be missing" };
const struct option_type type_unprotect = { .set = set_unprotect, .form = "a path of the protect list" };
const struct option_type type_import = { .set = set_import,
                                         .form = "a path below ~, - before it if it may be missing" };
const struct option_type type_env = { .set = set_env, .form = "NAME, NAME* or NAME = VALUE" };

struct origin option_origin(const struct policy *policy, const struct option *option)
{
    const struct option_type *type = option->type;
    if (type == &type_fence || type == &type_landlock || type == &type_guard)
        return ((const struct fence *)shown(policy, option))->origin;
    if (type == &type_upstream)
        return ((const struct upstream *)shown(policy, option))->origin;
    if (type->number)
        return ((const struct limit *)shown(policy, option))->origin;
    if (option->place.origin)
        return *(const struct origin *)((const char *)policy + option->place.origin);
    return (struct origin){ 0 };
}
