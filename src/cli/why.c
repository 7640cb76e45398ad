/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/why.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/prepare.h"
#include "cli/text.h"
#include "cli/why_host.h"
#include "plan/query.h"
#include "profile/match.h"
#include "profile/path.h"
#include "profile/policy_load.h"
#include "profile/reading.h"
#include "profile/types.h"

enum right { RIGHT_READ, RIGHT_WRITE, RIGHT_EXEC, RIGHTS };

static const char *const right_names[RIGHTS] = { "read", "write", "exec" };

/* What is known of the path that was asked about. */
struct answer {
    const char *asked;    /* as written */
    char real[PATH_MAX];  /* on the host, symlinks followed as far as there is something */
    bool exists;
    bool listed;          /* there is a list of programs */
    const struct policy *policy;
    struct view_answer view;
    const struct grant *grant; /* that made the deciding step, or NULL */
    bool can[RIGHTS];
    struct buf reason[RIGHTS]; /* why not, or what to know */
    bool by_program;           /* exec is a matter of [exec] */
    struct buf change[RIGHTS]; /* the line that would allow it, "" if none would */
};

/* --- a path --- */

/* Real path of what exists of it, the rest behind. */
static int find_real(const char *path, struct answer *a)
{
    char head[PATH_MAX];
    if (snprintf(head, sizeof(head), "%s", path) >= (int)sizeof(head))
        return -ENAMETOOLONG;
    size_t cut = strlen(head);
    for (;;) {
        if (realpath(cut ? head : "/", a->real))
            break;
        while (cut && head[cut - 1] != '/')
            cut--;
        if (cut)
            cut--;
        head[cut] = '\0';
    }
    a->exists = path[cut] == '\0';
    size_t len = strcmp(a->real, "/") == 0 ? 0 : strlen(a->real);
    return snprintf(a->real + len, sizeof(a->real) - len, "%s", path + cut) >= (int)(sizeof(a->real) - len) ? -ENAMETOOLONG
                                                                                                          : 0;
}

static const char *key_of(enum grant_kind kind)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].type == &type_grant && options[i].place.value == (size_t)kind)
            return options[i].key;
    return "?";
}

/* The grant that a step was made for: written at the same place, and its path is around the step's, or leads there. */
static const struct grant *grant_of(const struct policy *p, const struct op *op)
{
    const struct grant *found = NULL;
    for (size_t i = 0; op && i < p->n_grants; i++) {
        const struct grant *g = &p->grants[i];
        if (g->origin.line != op->origin.line || !g->origin.file || !op->origin.file ||
            strcmp(g->origin.file, op->origin.file) != 0)
            continue;
        if (!found || strcmp(g->path, op->target) == 0)
            found = g;
    }
    return found;
}

static bool is_own(const struct policy *p, const char *path)
{
    for (size_t i = 0; i < p->own_paths.n; i++)
        if (path_within(path, p->own_paths.v[i]))
            return true;
    return false;
}

/* The host's own permissions, which hold inside as well. */
static bool host_allows(const struct answer *a, enum right right)
{
    static const int modes[RIGHTS] = { R_OK, W_OK, X_OK };
    return !a->exists || faccessat(AT_FDCWD, a->real, modes[right], AT_EACCESS) == 0;
}

static int suggest(struct answer *a, enum right right)
{
    return buf_printf(&a->change[right], "%s = %s", right_names[right], a->real);
}

static int refuse(struct answer *a, enum right right)
{
    struct buf *reason = &a->reason[right];
    bool held = a->grant && a->grant->kind == GRANT_PROTECT;
    if (is_own(a->policy, a->real))
        return buf_str(reason, "agentjail's own files are never visible, whatever is granted");
    if (path_within(a->real, "/proc"))
        return buf_str(reason, "the jail has a /proc of its own, and no other can be granted");
    if (path_within(a->real, "/dev")) {
        int r = buf_str(reason, "the jail has a /dev of its own");
        return r < 0 ? r : buf_printf(&a->change[right], "device = %s", a->real);
    }
    if (a->view.kind == VIEW_HIDDEN) {
        int r = buf_str(reason, "it is hidden");
        return r < 0 || !a->grant ? r : buf_printf(&a->change[right], "hide = (the entry %s taken out)", a->grant->path);
    }
    if (a->view.kind == VIEW_NOTHING) {
        int r = buf_str(reason, "no grant shows it");
        return r < 0 ? r : suggest(a, right);
    }
    if (a->view.kind == VIEW_PRIVATE) {
        int r = buf_str(reason, "the jail has something of its own there");
        return r < 0 ? r : suggest(a, right);
    }
    if (right == RIGHT_WRITE && held) {
        int r = buf_str(reason, "it is protected");
        return r < 0 ? r : buf_printf(&a->change[right], "unprotect = %s", a->grant->path);
    }
    if (right == RIGHT_EXEC && a->view.op && a->view.op->flags & OP_DENIED) {
        a->by_program = true;
        int r = buf_str(reason, "it is not to be run");
        return r < 0 ? r : buf_str(&a->change[right], "deny = (that entry taken out)");
    }
    if (right == RIGHT_EXEC && a->listed) {
        a->by_program = true;
        int r = buf_str(reason, "it is not on the list of programs that may be run");
        return r < 0 ? r : buf_printf(&a->change[right], "allow = %s", a->real);
    }
    int r = buf_str(reason, right == RIGHT_WRITE ? "it is granted for reading" : "no exec grant covers it");
    return r < 0 ? r : suggest(a, right);
}

static int judge_right(struct answer *a, enum right right)
{
    bool shown = a->view.kind == VIEW_HOST || a->view.kind == VIEW_COPY;
    bool granted = shown && (right == RIGHT_READ || (right == RIGHT_WRITE ? a->view.writable : a->view.exec));
    if (!granted)
        return refuse(a, right);
    if (!host_allows(a, right)) {
        struct stat st;
        bool plain = right == RIGHT_EXEC && stat(a->real, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 0111);
        return buf_str(&a->reason[right], plain ? "granted, but the file is no program (chmod +x)"
                                                : "granted, but the host's own permissions refuse it");
    }
    a->can[right] = true;
    if (right == RIGHT_WRITE && a->view.kind == VIEW_COPY)
        return buf_str(&a->reason[right], "inside only: changes are gone at the end");
    return a->exists ? 0 : buf_str(&a->reason[right], "does not exist yet");
}

static int judge(const struct policy *policy, const struct plan *plan, const char *path, struct answer *a)
{
    int r = find_real(path, a);
    if (r < 0)
        return r;
    a->policy = policy;
    a->listed = plan->run_listed;
    a->view = plan_query(plan, a->real);
    a->grant = grant_of(policy, a->view.op);
    for (enum right right = 0; right < RIGHTS && r >= 0; right++)
        r = judge_right(a, right);
    return r;
}

static void answer_free(struct answer *a)
{
    for (size_t i = 0; i < RIGHTS; i++) {
        buf_free(&a->reason[i]);
        buf_free(&a->change[i]);
    }
}

/* --- telling --- */

static const char *const kind_names[] = {
    [VIEW_NOTHING] = "not visible",
    [VIEW_HOST] = "the host's",
    [VIEW_COPY] = "the host's, copied on write",
    [VIEW_PRIVATE] = "the jail's own, not the host's",
    [VIEW_HIDDEN] = "hidden",
};

static int add_rule(const struct answer *a, struct buf *out)
{
    const struct op *op = a->view.op;
    if (!op || !op->origin.file)
        return buf_str(out, "built in");
    int r = 0;
    if (a->grant) {
        r = buf_printf(out, "%s = ", key_of(a->grant->kind));
        if (r >= 0)
            r = text_line(out, a->grant->path);
        if (r >= 0)
            r = buf_str(out, "  ");
    }
    if (r >= 0)
        r = text_line(out, op->origin.file);
    return r < 0 || !op->origin.line || op->origin.line == ORIGIN_REASON ? r : buf_printf(out, ":%u", op->origin.line);
}

static int answer_text(const struct answer *a, struct buf *out)
{
    int r = text_line(out, a->asked);
    if (r >= 0 && strcmp(a->asked, a->real) != 0) {
        r = buf_str(out, " is ");
        if (r >= 0)
            r = text_line(out, a->real);
    }
    if (r >= 0)
        r = buf_printf(out, "\n  %s: ", kind_names[a->view.kind]);
    if (r >= 0)
        r = a->view.op ? add_rule(a, out) : buf_str(out, "no grant encloses it");
    if (r >= 0)
        r = buf_char(out, '\n');
    for (size_t i = 0; i < RIGHTS && r >= 0; i++) {
        r = buf_printf(out, "  %-6s %-3s", right_names[i], a->can[i] ? "yes" : "no");
        if (r >= 0 && a->reason[i].len)
            r = buf_printf(out, "  %s", a->reason[i].data);
        if (r >= 0 && a->change[i].len) {
            r = buf_printf(out, "; to change that write under [%s]: ",
                           i == RIGHT_EXEC && a->by_program ? "exec" : "files");
            if (r >= 0)
                r = text_line(out, a->change[i].data);
        }
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    return r;
}

static void answer_json(const struct answer *a, struct json *j)
{
    static const char *const members[RIGHTS] = { "readable", "writable", "executable" };
    const struct op *op = a->view.op;
    bool words = op && op->origin.line == ORIGIN_REASON;
    json_string(j, "path", a->asked);
    json_string(j, "real", a->real);
    json_bool(j, "exists", a->exists);
    json_string(j, "view", kind_names[a->view.kind]);
    json_bool(j, "visible", a->view.kind != VIEW_NOTHING && a->view.kind != VIEW_HIDDEN);
    json_object(j, "rule");
    json_string(j, "key", a->grant ? key_of(a->grant->kind) : NULL);
    json_string(j, "value", a->grant ? a->grant->path : NULL);
    json_string(j, "file", op && !words ? op->origin.file : NULL);
    if (op && !words && op->origin.line)
        json_unsigned(j, "line", op->origin.line);
    else
        json_null(j, "line");
    json_string(j, "reason", words ? op->origin.file : NULL);
    json_end(j);
    for (size_t i = 0; i < RIGHTS; i++) {
        json_object(j, members[i]);
        json_bool(j, "allowed", a->can[i]);
        json_string(j, "reason", a->reason[i].data);
        json_string(j, "change", a->change[i].data);
        json_end(j);
    }
}

/* --- the mode --- */

struct question {
    const struct policy_request *request;
    struct policy policy;
    struct plan plan;
    const char *match_file; /* command: the profile's line that names it; NULL: none does */
    unsigned match_line;
    struct arena *arena;
};

/* A command's answer: the profile, then the file. */
static int tell_command(struct question *q, const char *command, const struct answer *a, struct buf *out)
{
    const struct policy *p = &q->policy;
    if (q->request->json) {
        struct json j = { .out = out };
        json_object(&j, NULL);
        json_string(&j, "command", command);
        json_string(&j, "profile", p->name);
        json_string(&j, "matched_by", q->match_file);
        if (q->match_file)
            json_unsigned(&j, "matched_line", q->match_line);
        else
            json_null(&j, "matched_line");
        json_bool(&j, "found", a != NULL);
        if (a)
            answer_json(a, &j);
        json_end(&j);
        return json_finish(&j);
    }
    int r = text_line(out, command);
    if (r >= 0)
        r = buf_printf(out, ": profile %s, ", p->name);
    if (r >= 0 && q->request->profile)
        r = buf_str(out, "as --profile says\n");
    else if (r >= 0 && q->match_file)
        r = buf_printf(out, "as match says in %s:%u\n", q->match_file, q->match_line);
    else if (r >= 0)
        r = buf_str(out, "as no profile's match names it\n");
    if (r >= 0 && !a)
        return buf_str(out, "  not found on PATH\n");
    return r < 0 ? r : answer_text(a, out);
}

static int tell_path(struct question *q, const struct answer *a, struct buf *out)
{
    if (!q->request->json)
        return answer_text(a, out);
    struct json j = { .out = out };
    json_object(&j, NULL);
    answer_json(a, &j);
    json_end(&j);
    return json_finish(&j);
}

/* Which line of which profile names the command; none when the profile was chosen otherwise. */
static int find_match(struct question *q, const char *command, struct buf *why)
{
    _cleanup_reading_ struct reading reading;
    struct origin origin = { 0 };
    const char *name = NULL;
    int r = reading_open(&reading, q->request, why);
    if (r >= 0)
        r = load_ceilings(&reading.load);
    if (r >= 0)
        r = match_profile(&reading.load, path_basename(command), &name, &origin);
    if (r < 0 || !origin.file || strcmp(name, q->policy.name) != 0)
        return r;
    q->match_file = arena_strdup(q->arena, origin.file);
    q->match_line = origin.line;
    return q->match_file ? 0 : -ENOMEM;
}

/* The file on the host that a command is, as execvp(3) finds it. */
static const char *find_file(struct question *q, const char *command, char path[static PATH_MAX])
{
    const char *dirs = getenv("PATH");
    struct stat st;
    if (q->policy.command_path)
        return q->policy.command_path;
    for (const char *end; dirs && *dirs; dirs = *end ? end + 1 : end) {
        end = strchrnul(dirs, ':');
        if (snprintf(path, PATH_MAX, "%.*s/%s", (int)(end - dirs), dirs, command) < PATH_MAX && path[0] == '/' &&
            stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

static int answer_command(struct question *q, const char *command, struct buf *out, struct buf *why)
{
    char path[PATH_MAX];
    struct answer a = { 0 };
    int r = q->request->profile ? 0 : find_match(q, command, why);
    const char *file = r < 0 ? NULL : find_file(q, command, path);
    a.asked = file;
    if (r >= 0 && file)
        r = judge(&q->policy, &q->plan, file, &a);
    if (r >= 0)
        r = tell_command(q, command, file ? &a : NULL, out);
    answer_free(&a);
    return r;
}

static int answer_path(struct question *q, const char *subject, struct buf *out, struct buf *why)
{
    char cwd[PATH_MAX], home[PATH_MAX], *path;
    struct answer a = { .asked = subject };
    const char *text = subject, *user_home = getenv("HOME");
    if (subject[0] == '~' && (subject[1] == '/' || !subject[1]) && user_home &&
        snprintf(home, sizeof(home), "%s%s", user_home, subject + 1) < (int)sizeof(home))
        text = home;
    int r = path_from(q->arena, getcwd(cwd, sizeof(cwd)), text, &path);
    if (r < 0) {
        (void)buf_printf(why, "--why=%s: no path without \"..\" inside; write an absolute one", subject);
        return r;
    }
    r = judge(&q->policy, &q->plan, path, &a);
    if (r >= 0)
        r = tell_path(q, &a, out);
    answer_free(&a);
    return r;
}

static bool is_path(const char *subject)
{
    return strchr(subject, '/') || subject[0] == '~' || strcmp(subject, ".") == 0 || strcmp(subject, "..") == 0;
}

static int answer_host(struct question *q, const char *subject, struct buf *out, struct buf *why)
{
    return why_host(&q->policy, subject, q->request->json, out, why);
}

static bool is_any(const char *subject)
{
    (void)subject;
    return true;
}

/* What can be asked about: the first row that knows the subject answers. */
static const struct {
    bool (*knows)(const char *subject);
    bool command; /* the subject is the command that is to be run */
    int (*answer)(struct question *q, const char *subject, struct buf *out, struct buf *why);
} subjects[] = {
    { why_is_host, false, answer_host },
    { is_path, false, answer_path },
    { is_any, true, answer_command },
};

int why_main(const struct policy_request *request)
{
    _cleanup_buf_ struct buf why = { 0 }, out = { 0 };
    size_t row = 0;
    while (!subjects[row].knows(request->subject))
        row++;
    char *command[] = { (char *)(uintptr_t)request->subject, NULL };
    struct policy_request with = *request;
    if (subjects[row].command)
        with.command = command;
    struct question q = { .request = &with, .arena = arena_new() };
    int r = q.arena ? policy_load(&with, &q.policy, &why) : -ENOMEM;
    if (r >= 0)
        r = plan_from_policy(&q.policy, false, &q.plan, &why);
    for (size_t i = 0; r >= 0 && i < q.policy.notes.n && !request->quiet; i++)
        run_note(q.policy.notes.v[i]);
    if (r >= 0)
        r = subjects[row].answer(&q, request->subject, &out, &why);
    int status = r < 0 ? 125 : 0;
    if (r < 0)
        run_say(why.data ? why.data : strerror(-r));
    else
        status = text_print(&out, r);
    plan_free(&q.plan);
    policy_free(&q.policy);
    arena_free(q.arena);
    return status;
}
