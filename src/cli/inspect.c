/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/parse.h"
#include "base/record.h"
#include "cli/prepare.h"
#include "cli/running.h"
#include "cli/text.h"
#include "registry/control_client.h"

enum { FIELDS = 6, ASK_MS = 3000, VALUE_COLUMN = 40, COMMAND_MAX = 65536, RECORDS_MAX = 100000 };

/* One line of the monitor's answer. */
struct record {
    const char *kind;
    const char *field[FIELDS]; /* "" where there is none */
};

struct view {
    const struct jail *jail;
    struct running now;
    size_t index;
    const struct processes *all;
    struct record *records;
    size_t n_records;
    const char *silence; /* why the monitor did not answer, or NULL */
};

static int take_records(char *text, struct view *view)
{
    size_t lines = 0;
    for (const char *p = text; p && *p; p++)
        lines += *p == '\n';
    if (lines > RECORDS_MAX)
        return -EBADMSG;
    view->records = calloc(lines + 2, sizeof(*view->records));
    if (!view->records)
        return -ENOMEM;
    for (char *line; (line = record_line(&text));) {
        struct record *r = &view->records[view->n_records++];
        const char *kind = record_next(&line);
        *r = (struct record){ .kind = kind ? kind : "", .field = { "", "", "", "", "", "" } };
        for (size_t i = 0; i < FIELDS && line; i++)
            r->field[i] = record_next(&line);
    }
    return 0;
}

/* The next record of a kind, from *at on; *at moves behind it. NULL when there is none. */
static const struct record *next_of(const struct view *view, const char *kind, size_t *at)
{
    while (*at < view->n_records) {
        const struct record *r = &view->records[(*at)++];
        if (r->kind && strcmp(r->kind, kind) == 0)
            return r;
    }
    return NULL;
}

static const char *first_of(const struct view *view, const char *kind)
{
    size_t at = 0;
    const struct record *r = next_of(view, kind, &at);
    return r ? r->field[0] : NULL;
}

static const char *state_of(const struct view *view)
{
    const char *state = first_of(view, "state");
    return state && strcmp(view->now.state, "running") == 0 ? state : view->now.state;
}

/* A process's command line, or its name in brackets where it has none. */
static int command_line(pid_t pid, struct buf *out)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
    int r = buf_read_file(out, AT_FDCWD, path, COMMAND_MAX);
    if (r == -EFBIG)
        r = 0;
    if (r >= 0 && out->len) {
        for (size_t i = 0; i + 1 < out->len; i++)
            if (out->data[i] == '\0')
                out->data[i] = ' ';
        return 0;
    }
    buf_free(out);
    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    if (buf_read_file(out, AT_FDCWD, path, 64) < 0 || !out->len)
        return buf_str(out, "?");
    out->data[strcspn(out->data, "\n")] = '\0';
    return 0;
}

/* The i-th process of the jail, or NULL when there are no more; *at moves on. */
static const struct process *next_process(const struct view *view, size_t *at)
{
    while (*at < view->all->n) {
        const struct process *p = &view->all->v[(*at)++];
        if (p->root == view->index && (p->pid != view->jail->init || view->jail->lone))
            return p;
    }
    return NULL;
}

/* --- for people --- */

static int add_line(struct buf *out, const char *name, const char *value)
{
    int r = buf_printf(out, "%-12s", name);
    if (r >= 0)
        r = text_line(out, value);
    return r < 0 ? r : buf_char(out, '\n');
}

static int add_head(const struct view *view, struct buf *out)
{
    const struct jail *jail = view->jail;
    const char *description = first_of(view, "description"), *left = first_of(view, "time-left-ms");
    const char *lost = first_of(view, "lost");
    uint64_t ms;
    int r = buf_printf(out, "jail %s: %s, since ", jail->id, state_of(view));
    if (r >= 0)
        r = text_time(out, jail->start);
    if (r >= 0)
        r = buf_str(out, " (");
    if (r >= 0)
        r = text_age(out, (int64_t)time(NULL) - jail->start);
    if (r >= 0)
        r = buf_str(out, ")\n");
    if (r >= 0)
        r = add_line(out, "command", jail->command);
    if (r >= 0)
        r = add_line(out, "profile", jail->profile);
    if (r >= 0 && description)
        r = add_line(out, "", description);
    if (r >= 0)
        r = add_line(out, "workspace", jail->workspace[0] ? jail->workspace : "none");
    if (r >= 0)
        r = add_line(out, "network", jail->network);
    if (r >= 0)
        r = buf_printf(out, "%-12s%d, its %s %d\n", "monitor", jail->monitor, jail->lone ? "command" : "init", jail->init);
    if (r >= 0 && jail->cgroup[0])
        r = add_line(out, "cgroup", jail->cgroup);
    if (r >= 0 && left && parse_u64(left, &ms) == 0)
        r = buf_printf(out, "%-12s%llu s left\n", "time", (unsigned long long)ms / 1000);
    if (r >= 0 && lost)
        r = buf_printf(out, "%-12sstopped until this is put back: ", "held");
    if (r >= 0 && lost)
        r = text_line(out, lost);
    return r < 0 || !lost ? r : buf_char(out, '\n');
}

static int add_processes(const struct view *view, struct buf *out)
{
    int r = buf_printf(out, "\nProcesses: %zu, memory ", view->now.processes);
    if (r >= 0)
        r = text_size(out, view->now.memory);
    if (r >= 0)
        r = buf_printf(out, "%s, processor time %.1f s\n   inside   outside  state  memory  command\n",
                       view->now.memory_exact ? "" : " (shared pages counted repeatedly)",
                       (double)view->now.cpu_ms / 1000);
    size_t at = 0;
    for (const struct process *p; r >= 0 && (p = next_process(view, &at));) {
        _cleanup_buf_ struct buf command = { 0 }, size = { 0 };
        pid_t inside = 0;
        (void)process_status(p->pid, NULL, &inside);
        r = command_line(p->pid, &command);
        if (r >= 0)
            r = text_size(&size, p->memory);
        if (r >= 0)
            r = buf_printf(out, "%9d %9d  %c     %7s  ", inside, p->pid, p->state, size.data);
        if (r >= 0)
            r = text_line(out, command.data);
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    return r;
}

/* "key = value" and where it was written. */
static int add_setting(struct buf *out, const char *key, const char *value, const char *origin)
{
    size_t begin = out->len;
    int r = buf_str(out, "  ");
    if (r >= 0)
        r = text_line(out, key);
    if (r >= 0 && value)
        r = buf_str(out, " = ");
    if (r >= 0 && value)
        r = text_line(out, value);
    size_t width = out->len - begin;
    if (r >= 0)
        r = buf_printf(out, "%*s  ", width < VALUE_COLUMN ? (int)(VALUE_COLUMN - width) : 0, "");
    if (r >= 0)
        r = text_line(out, *origin ? origin : "built in");
    return r < 0 ? r : buf_char(out, '\n');
}

/* A port of the host's, and the jail's where that is another: "3000:8080". */
static int add_port(struct buf *out, const char *key, const struct record *p)
{
    char text[24];
    bool moved = strcmp(p->field[0], p->field[1]) != 0;
    snprintf(text, sizeof(text), moved ? "%.8s:%.8s" : "%.8s", p->field[0], p->field[1]);
    return add_setting(out, key, text, p->field[2]);
}

static int add_network(const struct view *view, struct buf *out)
{
    static const char *const ports[] = { "host-port", "publish" };
    size_t at = 0;
    int r = 0;
    if (first_of(view, "rule") || first_of(view, "publish") || first_of(view, "host-port"))
        r = buf_str(out, "\nNetwork, as it is now:\n");
    for (const struct record *rule; r >= 0 && (rule = next_of(view, "rule", &at));)
        r = add_setting(out, rule->field[0], rule->field[1], rule->field[2]);
    for (size_t i = 0; i < ELEMENTSOF(ports); i++) {
        at = 0;
        for (const struct record *p; r >= 0 && (p = next_of(view, ports[i], &at));)
            r = add_port(out, ports[i], p);
    }
    return r;
}

/* Bytes in words: "1.2M". */
static int add_bytes(struct buf *out, const char *text)
{
    uint64_t bytes;
    return parse_u64(text, &bytes) < 0 ? buf_str(out, "?") : text_size(out, bytes);
}

static int add_reached(const struct view *view, struct buf *out)
{
    size_t at = 0;
    int r = first_of(view, "reached") ? buf_str(out, "\nReached, by connections, and bytes out and in:\n") : 0;
    for (const struct record *p; r >= 0 && (p = next_of(view, "reached", &at));) {
        _cleanup_buf_ struct buf place = { 0 }, counts = { 0 };
        r = buf_printf(&place, "%s %s:%s", p->field[0], p->field[1], p->field[2]);
        if (r >= 0)
            r = buf_printf(&counts, "%s, ", p->field[3]);
        if (r >= 0)
            r = add_bytes(&counts, p->field[4]);
        if (r >= 0)
            r = buf_str(&counts, ", ");
        if (r >= 0)
            r = add_bytes(&counts, p->field[5]);
        if (r >= 0)
            r = add_setting(out, place.data, NULL, counts.data);
    }
    return r;
}

static int add_policy(const struct view *view, struct buf *out)
{
    const char *section = "";
    size_t at = 0;
    int r = 0;
    for (const struct record *v; r >= 0 && (v = next_of(view, "value", &at));) {
        if (strcmp(v->field[0], "profile") == 0)
            continue;
        if (strcmp(v->field[0], section) != 0) {
            section = v->field[0];
            r = buf_str(out, "\n[");
            if (r >= 0)
                r = text_line(out, section);
            if (r >= 0)
                r = buf_str(out, "]\n");
        }
        if (r >= 0)
            r = add_setting(out, v->field[1], v->field[2], v->field[3]);
    }
    if (r >= 0)
        r = add_network(view, out);
    if (r >= 0)
        r = add_reached(view, out);
    at = 0;
    if (r >= 0 && first_of(view, "grant"))
        r = buf_str(out, "\nGrants:\n");
    for (const struct record *g; r >= 0 && (g = next_of(view, "grant", &at));)
        r = add_setting(out, g->field[0], g->field[1], g->field[2]);
    at = 0;
    if (r >= 0 && first_of(view, "program"))
        r = buf_str(out, "\nPrograms:\n");
    for (const struct record *p; r >= 0 && (p = next_of(view, "program", &at));)
        r = add_setting(out, p->field[0], p->field[1], p->field[2]);
    at = 0;
    if (r >= 0 && first_of(view, "env"))
        r = buf_str(out, "\nVariables:\n");
    for (const struct record *e; r >= 0 && (e = next_of(view, "env", &at));)
        r = add_setting(out, e->field[0], NULL, e->field[2]);
    at = 0;
    if (r >= 0 && first_of(view, "view"))
        r = buf_str(out, "\nThe view, step by step:\n");
    for (const struct record *step; r >= 0 && (step = next_of(view, "view", &at));) {
        r = buf_str(out, "  ");
        if (r >= 0)
            r = text_line(out, step->field[0]);
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    return r;
}

static int print_text(const struct view *view, struct buf *out)
{
    int r = add_head(view, out);
    if (r >= 0)
        r = add_processes(view, out);
    if (r >= 0 && view->silence)
        r = buf_printf(out, "\nIts monitor does not tell more: %s\n", view->silence);
    return r < 0 ? r : add_policy(view, out);
}

/* --- for programs --- */

static int json_processes(struct json *j, const struct view *view)
{
    json_array(j, "processes");
    size_t at = 0;
    for (const struct process *p; (p = next_process(view, &at));) {
        _cleanup_buf_ struct buf command = { 0 };
        pid_t inside = 0;
        char state[2] = { p->state, '\0' };
        (void)process_status(p->pid, NULL, &inside);
        if (command_line(p->pid, &command) < 0)
            return -ENOMEM;
        json_object(j, NULL);
        json_integer(j, "pid", p->pid);
        json_integer(j, "inside", inside);
        json_string(j, "state", state);
        json_unsigned(j, "memory", p->memory);
        json_string(j, "command", command.data);
        json_end(j);
    }
    json_end(j);
    return 0;
}

/* A field by its name; '#' before the name: a number. */
static void json_field(struct json *j, const char *name, const char *value)
{
    uint64_t n;
    if (*name != '#')
        json_string(j, name, strcmp(name, "origin") == 0 && !*value ? NULL : value);
    else if (parse_u64(value, &n) == 0)
        json_unsigned(j, name + 1, n);
    else
        json_null(j, name + 1);
}

/* An array of objects of one kind of record, its fields by these names. */
static void json_records(struct json *j, const struct view *view, const char *key, const char *kind, const char *const *names)
{
    json_array(j, key);
    size_t at = 0;
    for (const struct record *r; (r = next_of(view, kind, &at));) {
        json_object(j, NULL);
        for (size_t i = 0; i < FIELDS && names[i]; i++)
            json_field(j, names[i], r->field[i]);
        json_end(j);
    }
    json_end(j);
}

static void json_texts(struct json *j, const struct view *view, const char *key, const char *kind)
{
    json_array(j, key);
    size_t at = 0;
    for (const struct record *r; (r = next_of(view, kind, &at));)
        json_string(j, NULL, r->field[0]);
    json_end(j);
}

static int print_json(const struct view *view, struct buf *out)
{
    const struct jail *jail = view->jail;
    const char *left = first_of(view, "time-left-ms");
    struct json j = { .out = out };
    _cleanup_buf_ struct buf since = { 0 };
    uint64_t ms;
    if (text_time(&since, jail->start) < 0)
        return -ENOMEM;
    json_object(&j, NULL);
    json_string(&j, "id", jail->id);
    json_unsigned(&j, "uid", jail->uid);
    json_string(&j, "state", state_of(view));
    json_string(&j, "since", since.data);
    json_integer(&j, "seconds", (int64_t)time(NULL) - jail->start);
    json_string(&j, "command", jail->command);
    json_string(&j, "profile", jail->profile);
    json_string(&j, "description", first_of(view, "description"));
    json_string(&j, "workspace", jail->workspace[0] ? jail->workspace : NULL);
    json_string(&j, "network", jail->network);
    json_integer(&j, "monitor", jail->monitor);
    json_integer(&j, "init", jail->init);
    json_string(&j, "cgroup", jail->cgroup[0] ? jail->cgroup : NULL);
    if (left && parse_u64(left, &ms) == 0)
        json_unsigned(&j, "time_left_ms", ms);
    else
        json_null(&j, "time_left_ms");
    json_string(&j, "lost", first_of(view, "lost"));
    json_unsigned(&j, "memory", view->now.memory);
    json_bool(&j, "memory_exact", view->now.memory_exact);
    json_unsigned(&j, "cpu_ms", view->now.cpu_ms);
    int r = json_processes(&j, view);
    json_string(&j, "silence", view->silence);
    json_texts(&j, view, "arguments", "argument");
    json_texts(&j, view, "files", "file");
    json_records(&j, view, "policy", "value", (const char *const[]){ "section", "key", "value", "origin", NULL });
    json_records(&j, view, "grants", "grant", (const char *const[]){ "key", "path", "origin", NULL });
    json_records(&j, view, "programs", "program", (const char *const[]){ "verdict", "path", "origin", NULL });
    json_records(&j, view, "rules", "rule", (const char *const[]){ "verdict", "rule", "origin", NULL });
    json_records(&j, view, "host_ports", "host-port", (const char *const[]){ "#inside", "#outside", "origin", NULL });
    json_records(&j, view, "published", "publish", (const char *const[]){ "#inside", "#outside", "origin", NULL });
    json_records(&j, view, "reached", "reached",
                 (const char *const[]){ "protocol", "host", "#port", "#connections", "#sent", "#received" });
    json_records(&j, view, "variables", "env", (const char *const[]){ "name", "kind", "origin", NULL });
    json_texts(&j, view, "view", "view");
    json_end(&j);
    return r < 0 ? r : json_finish(&j);
}

/* --- the mode --- */

static const char *why_silent(int error)
{
    switch (error) {
    case -ENOENT:
    case -ECONNREFUSED:
        return "it has no control socket";
    case -ETIMEDOUT:
        return "it does not answer (is it stopped?)";
    case -EPIPE:
        return "it does not speak with this process";
    case -EBADMSG:
        return "it answers what this version does not understand";
    default:
        return strerror(-error);
    }
}

static int ask(const struct jails *list, struct view *view, struct buf *answer)
{
    const struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_INSPECT };
    const struct jail *jail = view->jail;
    const struct process *monitor = processes_find(view->all, jail->monitor);
    if (monitor && monitor->state == 'T') {
        view->silence = "it is stopped";
        return 0;
    }
    int r = control_ask(list->dirs[jail->dir].fd, jail->id, jail->uid, &q, ASK_MS, answer);
    if (r < 0) {
        view->silence = why_silent(r);
        return 0;
    }
    if (answer->len && memchr(answer->data, '\0', answer->len)) {
        view->silence = why_silent(-EBADMSG);
        return 0;
    }
    return take_records(answer->data, view);
}

int inspect_main(const struct policy_request *request)
{
    _cleanup_jails_ struct jails list = { 0 };
    _cleanup_processes_ struct processes all = { 0 };
    _cleanup_buf_ struct buf out = { 0 }, answer = { 0 };
    struct view view = { .all = &all };
    int status = running_find_one(request, &list, &view.jail);
    if (status != 0)
        return status;
    view.index = (size_t)(view.jail - list.v);
    int r = running_processes(&list, &all);
    if (r >= 0) {
        view.now = running_measure(&list, view.index, &all);
        r = ask(&list, &view, &answer);
    }
    if (r >= 0)
        r = request->json ? print_json(&view, &out) : print_text(&view, &out);
    free(view.records);
    return text_print(&out, r);
}
