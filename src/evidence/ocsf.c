/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "evidence/ocsf.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/parse.h"

const char *const event_kind_names[EVENT_KINDS] = {
    [EVENT_LIFECYCLE] = "lifecycle", [EVENT_PROCESS] = "process", [EVENT_FILE] = "file",
    [EVENT_NETWORK] = "network",     [EVENT_DNS] = "dns",         [EVENT_HTTP] = "http",
    [EVENT_DECISION] = "decision",   [EVENT_LIMIT] = "limit",     [EVENT_FENCE] = "fence",
    [EVENT_INTEGRITY] = "integrity", [EVENT_ALERT] = "alert",
};

const char *const event_verdict_names[EVENT_VERDICTS] = {
    [EVENT_ALLOWED] = "allowed",
    [EVENT_DENIED] = "denied",
    [EVENT_ASKED_ALLOWED] = "asked-allowed",
    [EVENT_ASKED_DENIED] = "asked-denied",
};

const char *const event_source_names[EVENT_SOURCES] = { [SOURCE_MONITOR] = "monitor", [SOURCE_INIT] = "init",
                                                        [SOURCE_GATEWAY] = "gateway" };

const char *const event_activity_names[ACTIVITIES] = {
    [ACTIVITY_OTHER] = "note",       [ACTIVITY_START] = "start",   [ACTIVITY_STOP] = "stop",
    [ACTIVITY_FREEZE] = "freeze",    [ACTIVITY_THAW] = "thaw",     [ACTIVITY_CHANGE] = "change",
    [ACTIVITY_EXEC] = "exec",        [ACTIVITY_EXIT] = "exit",     [ACTIVITY_OPEN] = "open",
    [ACTIVITY_WRITE] = "write",      [ACTIVITY_CREATE] = "create", [ACTIVITY_REMOVE] = "remove",
    [ACTIVITY_RENAME] = "rename",    [ACTIVITY_LINK] = "link",     [ACTIVITY_TRUNCATE] = "truncate",
    [ACTIVITY_MODE] = "mode",        [ACTIVITY_ATTRIBUTE] = "attribute", [ACTIVITY_CLOSE] = "close",
    [ACTIVITY_QUERY] = "query",      [ACTIVITY_REQUEST] = "request", [ACTIVITY_CALL] = "call",
    [ACTIVITY_LOST] = "lost",        [ACTIVITY_RESTORED] = "restored",
};

/* Classes of OCSF, and what is put into a record of each. */
enum { CLASS_FILE = 1001, CLASS_KERNEL = 1003, CLASS_PROCESS = 1007, CLASS_LOG = 1008, CLASS_FINDING = 2004,
       CLASS_NETWORK = 4001, CLASS_HTTP = 4002, CLASS_DNS = 4003, CLASS_APP = 6002 };
enum { ACTIVITY_ID_OTHER = 99 };

/* Which class a kind is. controls: the class has the profile security_control. */
static const struct {
    unsigned class;
    bool controls;
} classes[EVENT_KINDS] = {
    [EVENT_LIFECYCLE] = { CLASS_APP, false }, [EVENT_PROCESS] = { CLASS_PROCESS, true },
    [EVENT_FILE] = { CLASS_FILE, true },      [EVENT_NETWORK] = { CLASS_NETWORK, true },
    [EVENT_DNS] = { CLASS_DNS, true },        [EVENT_HTTP] = { CLASS_HTTP, true },
    [EVENT_DECISION] = { CLASS_KERNEL, true }, [EVENT_LIMIT] = { CLASS_FINDING, true },
    [EVENT_FENCE] = { CLASS_FINDING, true },  [EVENT_INTEGRITY] = { CLASS_LOG, false },
    [EVENT_ALERT] = { CLASS_FINDING, true },
};

/* Which activity_id it is in the class of its kind; 0: one that the class has no number for, which goes by its name. */
static const struct {
    unsigned id;
    const char *name;
} activities[ACTIVITIES] = {
    [ACTIVITY_OTHER] = { 0, "Other" },          [ACTIVITY_START] = { 3, "Start" },
    [ACTIVITY_STOP] = { 4, "Stop" },            [ACTIVITY_FREEZE] = { 0, "Freeze" },
    [ACTIVITY_THAW] = { 0, "Thaw" },            [ACTIVITY_CHANGE] = { 8, "Update" },
    [ACTIVITY_EXEC] = { 1, "Launch" },          [ACTIVITY_EXIT] = { 2, "Terminate" },
    [ACTIVITY_OPEN] = { 1, "Open" },            [ACTIVITY_WRITE] = { 3, "Update" },
    [ACTIVITY_CREATE] = { 1, "Create" },        [ACTIVITY_REMOVE] = { 4, "Delete" },
    [ACTIVITY_RENAME] = { 5, "Rename" },        [ACTIVITY_LINK] = { 0, "Link" },
    [ACTIVITY_TRUNCATE] = { 3, "Update" },      [ACTIVITY_MODE] = { 7, "Set Security" },
    [ACTIVITY_ATTRIBUTE] = { 6, "Set Attributes" }, [ACTIVITY_CLOSE] = { 2, "Close" },
    [ACTIVITY_QUERY] = { 1, "Query" },          [ACTIVITY_REQUEST] = { 0, "Request" },
    [ACTIVITY_CALL] = { 4, "Invoke" },          [ACTIVITY_LOST] = { 1, "Create" },
    [ACTIVITY_RESTORED] = { 3, "Close" },
};

enum { FILE_OPEN = 14, NETWORK_REFUSE = 5, FINDING_CREATE = 1 };

static unsigned activity_id(const struct event *e)
{
    unsigned class = classes[e->kind].class;
    unsigned id = activities[e->activity].id;
    if (class == CLASS_NETWORK && e->verdict != EVENT_ALLOWED && e->verdict != EVENT_ASKED_ALLOWED)
        return NETWORK_REFUSE;
    if (class == CLASS_FILE && e->activity == ACTIVITY_OPEN)
        return FILE_OPEN;
    if (class == CLASS_FINDING && e->activity != ACTIVITY_RESTORED)
        return FINDING_CREATE;
    return id ? id : ACTIVITY_ID_OTHER;
}

/* What is in the schema's words informational, low, medium, high. */
static unsigned severity(const struct event *e)
{
    switch (e->kind) {
    case EVENT_FENCE:
    case EVENT_ALERT:
        return e->activity == ACTIVITY_RESTORED ? 1 : 4;
    case EVENT_LIMIT:
        return 3;
    case EVENT_INTEGRITY:
        return e->count ? 3 : 1; /* records were lost */
    default:
        return e->verdict == EVENT_DENIED || e->verdict == EVENT_ASKED_DENIED ? 2 : 1;
    }
}

static bool is_denied(const struct event *e)
{
    return e->verdict == EVENT_DENIED || e->verdict == EVENT_ASKED_DENIED;
}

struct writer {
    struct json j;
    const struct ocsf_jail *jail;
    const struct event *e;
    unsigned class;
    bool cut;
};

/* A string that may be the payload's; nothing for NULL. */
static void text(struct writer *w, const char *key, const char *s)
{
    if (!s)
        return;
    size_t len = strnlen(s, EVENT_TEXT_MAX + 1);
    w->cut |= len > EVENT_TEXT_MAX;
    json_bytes(&w->j, key, s, len > EVENT_TEXT_MAX ? EVENT_TEXT_MAX : len);
}

static void number(struct writer *w, const char *key, uint64_t value)
{
    json_unsigned(&w->j, key, value);
}

/* Of what is allowed, which is nearly all, the profile would say no more than that, in 70 bytes. */
static bool has_controls(const struct event *e)
{
    return classes[e->kind].controls && (is_denied(e) || e->verdict == EVENT_ASKED_ALLOWED);
}

static void add_head(struct writer *w, uint64_t sequence)
{
    const struct event *e = w->e;
    unsigned activity = activity_id(e);
    number(w, "activity_id", activity);
    if (activity == ACTIVITY_ID_OTHER)
        json_string(&w->j, "activity_name", activities[e->activity].name);
    number(w, "category_uid", w->class / 1000);
    number(w, "class_uid", w->class);
    number(w, "type_uid", w->class * 100UL + activity);
    number(w, "severity_id", severity(e));
    number(w, "time", e->time_ns / 1000000);
    json_object(&w->j, "metadata");
    json_string(&w->j, "version", OCSF_VERSION);
    json_object(&w->j, "product");
    json_string(&w->j, "name", PACKAGE_NAME);
    json_string(&w->j, "vendor_name", PACKAGE_NAME);
    if (e->kind == EVENT_LIFECYCLE)
        json_string(&w->j, "version", PACKAGE_VERSION);
    json_end(&w->j);
    if (has_controls(e)) {
        json_array(&w->j, "profiles");
        json_string(&w->j, NULL, "security_control");
        json_end(&w->j);
    }
    json_string(&w->j, "correlation_uid", w->jail->id);
    number(w, "sequence", sequence);
    json_end(&w->j);
    text(w, "message", e->text);
    if (e->count > 1)
        number(w, "count", e->count);
}

/* The errors that a file, a program or a connection usually meets; others go by their numbers. */
static void add_error(struct writer *w, int error)
{
#define NAME(e) { e, #e }
    static const struct {
        int number;
        const char *name;
    } names[] = {
        NAME(EPERM), NAME(ENOENT), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC), NAME(EBADF),
        NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR),
        NAME(EISDIR), NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(EROFS),
        NAME(EMLINK), NAME(ENAMETOOLONG), NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP), NAME(EOPNOTSUPP), NAME(EDQUOT),
        NAME(ECONNREFUSED), NAME(EHOSTUNREACH), NAME(ENETUNREACH), NAME(ETIMEDOUT), NAME(EAFNOSUPPORT),
        NAME(EPROTONOSUPPORT),
    };
    char text_of[16];
    const char *name = NULL;
    for (size_t i = 0; i < ELEMENTSOF(names) && !name; i++)
        if (names[i].number == error)
            name = names[i].name;
    snprintf(text_of, sizeof(text_of), "%d", error);
    json_string(&w->j, "status_code", name ? name : text_of);
}

static void add_outcome(struct writer *w)
{
    const struct event *e = w->e;
    bool denied = is_denied(e);
    if (has_controls(e)) {
        number(w, "action_id", denied ? 2 : 1);
        number(w, "disposition_id", denied ? 2 : 1);
    }
    if (w->class == CLASS_FINDING || (!denied && e->error <= 0))
        return;
    number(w, "status_id", 2);
    if (e->error_set && e->error > 0)
        add_error(w, e->error);
}

/* digest: SHA-256 of the content, or NULL. */
static void add_file(struct writer *w, const char *key, const char *path, const char *digest)
{
    if (!path)
        return;
    const char *slash = strrchr(path, '/');
    json_object(&w->j, key);
    text(w, "name", slash && slash[1] ? slash + 1 : path);
    text(w, "path", path);
    number(w, "type_id", 0);
    if (digest) {
        json_array(&w->j, "hashes");
        json_object(&w->j, NULL);
        number(w, "algorithm_id", 3);
        json_string(&w->j, "value", digest);
        json_end(&w->j);
        json_end(&w->j);
    }
    json_end(&w->j);
}

/* The words of argv, as far as they go, joined by blanks. */
static void add_command_line(struct writer *w)
{
    _cleanup_buf_ struct buf line = { 0 };
    for (char *const *word = w->e->argv; word && *word && w->j.result >= 0; word++) {
        size_t room = EVENT_ARGV_MAX - (line.len < EVENT_ARGV_MAX ? line.len : EVENT_ARGV_MAX);
        size_t len = strnlen(*word, room + 1);
        w->cut |= len > room;
        if ((line.len && buf_char(&line, ' ') < 0) || buf_add(&line, *word, len > room ? room : len) < 0)
            w->j.result = -ENOMEM;
        if (len > room)
            break;
    }
    if (line.len)
        json_bytes(&w->j, "cmd_line", line.data, line.len);
}

/* Who did it: a process of the jail's, or one of ours. */
static void add_actor(struct writer *w)
{
    const struct event *e = w->e;
    json_object(&w->j, "actor");
    pid_t pid = e->kind == EVENT_PROCESS && e->activity == ACTIVITY_EXEC ? e->parent : e->pid;
    if (pid > 0) {
        json_object(&w->j, "process");
        json_integer(&w->j, "pid", pid);
        if (e->kind != EVENT_PROCESS)
            text(w, "name", e->exe);
        json_end(&w->j);
    } else {
        json_string(&w->j, "app_name", PACKAGE_NAME);
    }
    json_end(&w->j);
    json_object(&w->j, "device");
    json_string(&w->j, "hostname", w->jail->host);
    number(w, "type_id", 0);
    json_end(&w->j);
}

static void add_process(struct writer *w)
{
    const struct event *e = w->e;
    json_object(&w->j, "process");
    json_integer(&w->j, "pid", e->pid);
    add_file(w, "file", e->exe, NULL);
    add_command_line(w);
    if (e->parent > 0) {
        json_object(&w->j, "parent_process");
        json_integer(&w->j, "pid", e->parent);
        json_end(&w->j);
    }
    json_end(&w->j);
    if (e->status_set)
        json_integer(&w->j, "exit_code", e->status);
}

static void add_endpoint(struct writer *w)
{
    const struct event *e = w->e;
    json_object(&w->j, "dst_endpoint");
    text(w, "hostname", e->host);
    text(w, "ip", e->address);
    if (!e->host && !e->address) /* one of these there must be */
        text(w, "svc_name", e->path ? e->path : "unknown");
    if (e->port)
        number(w, "port", e->port);
    json_end(&w->j);
    if (e->protocol) {
        json_object(&w->j, "connection_info");
        number(w, "direction_id", strcmp(e->protocol, "published") == 0 ? 1 : 2);
        json_string(&w->j, "protocol_name", e->protocol);
        json_end(&w->j);
    }
    if (e->sent || e->received) {
        json_object(&w->j, "traffic");
        number(w, "bytes_out", e->sent);
        number(w, "bytes_in", e->received);
        number(w, "bytes", e->sent + e->received);
        json_end(&w->j);
    }
}

static void add_dns(struct writer *w)
{
    json_object(&w->j, "query");
    text(w, "hostname", w->e->host ? w->e->host : "?");
    json_end(&w->j);
    number(w, "rcode_id", is_denied(w->e) ? 5 : 0);
}

static void add_http(struct writer *w)
{
    json_object(&w->j, "http_request");
    json_object(&w->j, "url");
    text(w, "hostname", w->e->host);
    text(w, "path", w->e->path ? w->e->path : "/");
    json_end(&w->j);
    json_end(&w->j);
    json_object(&w->j, "http_response");
    number(w, "code", 0); /* not looked at */
    json_end(&w->j);
}

static void add_finding(struct writer *w, uint64_t sequence)
{
    char uid[64];
    snprintf(uid, sizeof(uid), "%s-%" PRIu64, w->jail->id, sequence);
    json_object(&w->j, "finding_info");
    json_string(&w->j, "uid", uid);
    json_string(&w->j, "title", w->e->kind == EVENT_FENCE   ? "fence lost"
                                : w->e->kind == EVENT_LIMIT ? "limit reached"
                                                            : "threshold passed");
    json_end(&w->j);
}

static void add_class(struct writer *w, uint64_t sequence)
{
    const struct event *e = w->e;
    if (w->class / 1000 == 1)
        add_actor(w);
    switch (w->class) {
    case CLASS_FILE:
        add_file(w, "file", e->path ? e->path : "?", e->before);
        add_file(w, "file_result", e->second ? e->second : e->digest ? e->path : NULL, e->digest);
        break;
    case CLASS_KERNEL:
        json_object(&w->j, "kernel");
        text(w, "name", e->call ? e->call : "?");
        number(w, "type_id", 2);
        json_end(&w->j);
        break;
    case CLASS_PROCESS:
        add_process(w);
        break;
    case CLASS_LOG:
        json_string(&w->j, "log_name", PACKAGE_NAME);
        break;
    case CLASS_FINDING:
        add_finding(w, sequence);
        break;
    case CLASS_APP:
        json_object(&w->j, "app");
        json_string(&w->j, "name", PACKAGE_NAME);
        json_string(&w->j, "vendor_name", PACKAGE_NAME);
        json_end(&w->j);
        break;
    default:
        add_endpoint(w);
        if (w->class == CLASS_DNS)
            add_dns(w);
        else if (w->class == CLASS_HTTP)
            add_http(w);
    }
}

/* Bytes that JSON cannot hold, which a path may be made of. */
static void add_bytes(struct writer *w, const char *key, const char *s)
{
    if (!s || utf8_valid(s, strlen(s)))
        return;
    _cleanup_buf_ struct buf hex = { 0 };
    for (size_t i = 0; i < EVENT_TEXT_MAX && s[i] && w->j.result >= 0; i++)
        w->j.result = buf_printf(&hex, "%02x", (unsigned char)s[i]);
    json_bytes(&w->j, key, hex.data, hex.len);
}

static void add_rule(struct writer *w)
{
    const struct event *e = w->e;
    if (e->rule.file) {
        bool line = e->rule.line && e->rule.line != ORIGIN_REASON;
        _cleanup_buf_ struct buf where = { 0 };
        int r = line ? buf_printf(&where, "%s:%u", e->rule.file, e->rule.line) : buf_str(&where, e->rule.file);
        if (r < 0)
            w->j.result = r;
        else
            text(w, "rule", where.data);
    }
    text(w, "rule_text", e->rule_text);
    text(w, "fix", e->fix);
}

static void add_argv(struct writer *w)
{
    size_t room = EVENT_ARGV_MAX;
    if (!w->e->argv)
        return;
    json_array(&w->j, "argv");
    for (char *const *word = w->e->argv; *word && room; word++) {
        size_t len = strnlen(*word, room + 1);
        w->cut |= len > room;
        if (len > room)
            break;
        json_bytes(&w->j, NULL, *word, len);
        room -= len;
    }
    json_end(&w->j);
}

static void add_checkpoint(struct writer *w, const struct ocsf_checkpoint *checkpoint)
{
    json_object(&w->j, "checkpoint");
    number(w, "count", checkpoint->count);
    json_string(&w->j, "root", checkpoint->root);
    json_bool(&w->j, "final", checkpoint->final);
    json_string(&w->j, "key", checkpoint->key);
    if (checkpoint->part > 1) {
        number(w, "part", checkpoint->part);
        json_string(&w->j, "previous", checkpoint->previous);
        json_array(&w->j, "peaks");
        for (const char *const *peak = checkpoint->peaks; *peak; peak++)
            json_string(&w->j, NULL, *peak);
        json_end(&w->j);
    }
    json_end(&w->j);
}

/* What OCSF has no place for. The order is part of the format: agentjail-events(5). */
static void add_unmapped(struct writer *w, const struct ocsf_checkpoint *checkpoint)
{
    const struct event *e = w->e;
    json_object(&w->j, "unmapped");
    json_string(&w->j, "kind", event_kind_names[e->kind]);
    json_string(&w->j, "activity", checkpoint ? "checkpoint" : event_activity_names[e->activity]);
    number(w, "ns", e->time_ns % 1000000);
    json_string(&w->j, "verdict", event_verdict_names[e->verdict]);
    json_string(&w->j, "source", event_source_names[e->source]);
    json_bool(&w->j, "verified", e->verified);
    if (e->kind == EVENT_LIFECYCLE) {
        json_string(&w->j, "profile", w->jail->profile);
        json_string(&w->j, "host", w->jail->host);
        text(w, "level", w->jail->level);
    }
    if (e->kind == EVENT_FENCE || e->kind == EVENT_LIMIT || e->kind == EVENT_ALERT || e->kind == EVENT_LIFECYCLE)
        text(w, "path", e->path);
    if (e->kind != EVENT_FILE)
        text(w, "digest", e->digest);
    text(w, "cwd", e->cwd);
    add_argv(w);
    if (e->status_set && e->kind != EVENT_PROCESS)
        json_integer(&w->j, "status", e->status);
    if (e->kind != EVENT_DECISION && is_denied(e))
        text(w, "call", e->call);
    if (e->kind == EVENT_DECISION || e->kind == EVENT_PROCESS)
        text(w, "path", e->path);
    if (e->flags)
        number(w, "flags", e->flags);
    if (e->mode >= 0)
        number(w, "mode", (uint64_t)e->mode);
    add_rule(w);
    add_bytes(w, "path_hex", e->path);
    add_bytes(w, "second_hex", e->second);
    if (w->cut)
        json_bool(&w->j, "cut", true);
    if (checkpoint)
        add_checkpoint(w, checkpoint);
}

int ocsf_write(struct buf *out, const struct ocsf_jail *jail, const struct event *event, uint64_t sequence,
               const struct ocsf_checkpoint *checkpoint)
{
    struct writer w = { .j = { .out = out }, .jail = jail, .e = event, .class = classes[event->kind].class,
                        .cut = event->cut };
    size_t begin = out->len;
    json_object(&w.j, NULL);
    add_head(&w, sequence);
    add_outcome(&w);
    add_class(&w, sequence);
    add_unmapped(&w, checkpoint);
    if (w.j.result < 0)
        out->len = begin;
    return w.j.result;
}
