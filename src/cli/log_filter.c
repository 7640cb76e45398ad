/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/log_filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "evidence/ocsf.h"

#define NS_PER_MS 1000000U
#define NS_PER_S 1000000000U

int log_time_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
    static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
    uint64_t ms;
    if (parse_duration(text, &ms) == 0) {
        *ret_ns = ms < now_ns / NS_PER_MS ? now_ns - ms * NS_PER_MS : 0;
        return 0;
    }
    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        struct tm tm = { .tm_isdst = -1 };
        const char *rest = strptime(text, forms[i], &tm);
        bool utc = rest && strcmp(rest, "Z") == 0;
        if (!rest || (*rest && !utc))
            continue;
        time_t t = utc ? timegm(&tm) : mktime(&tm);
        if (t < 0)
            return -EINVAL;
        *ret_ns = (uint64_t)t * NS_PER_S;
        return 0;
    }
    return -EINVAL;
}

/* Is the word one of list's, with commas between? */
static bool in_list(const char *list, const char *word, size_t len)
{
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static bool all_known(const char *list, const char *const *words, size_t n)
{
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, ","), i = 0;
        while (i < n && (strlen(words[i]) != len || memcmp(words[i], p, len) != 0))
            i++;
        if (i == n)
            return false;
        p += len + (p[len] == ',');
    }
    return *list != '\0';
}

static int refuse(const struct request_option *o, const char *const *words, size_t n, struct buf *why)
{
    (void)buf_printf(why, "--%s=%s: none of its values; write", o->option->name, o->value);
    for (size_t i = 0; i < n; i++)
        (void)buf_printf(why, "%s %s", i ? "," : "", words[i]);
    return -EINVAL;
}

static int take_time(const struct request_option *o, uint64_t *ret, struct buf *why)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int r = log_time_parse(o->value, (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec, ret);
    if (r < 0)
        (void)buf_printf(why, "--%s=%s: no time; write 2026-11-28T10:20, 2026-11-28, or 10m for that long ago", o->option->name,
                         o->value);
    return r;
}

int log_filter_parse(const struct policy_request *request, struct log_filter *ret, struct buf *why)
{
    static const char *const verdicts[] = { "allowed", "denied", "asked" };
    *ret = (struct log_filter){ .until_ns = UINT64_MAX };
    for (size_t i = 0; i < request->n_options; i++) {
        const struct request_option *o = &request->options[i];
        int r = 0;
        if (o->option == &options[OPTION_LOG_KIND]) {
            ret->kinds = o->value;
            if (!all_known(o->value, event_kind_names, EVENT_KINDS))
                return refuse(o, event_kind_names, EVENT_KINDS, why);
        } else if (o->option == &options[OPTION_LOG_VERDICT]) {
            ret->verdict = o->value;
            if (!all_known(o->value, verdicts, ELEMENTSOF(verdicts)))
                return refuse(o, verdicts, ELEMENTSOF(verdicts), why);
        } else if (o->option == &options[OPTION_LOG_PATH]) {
            ret->path = o->value;
        } else if (o->option == &options[OPTION_LOG_HOST]) {
            ret->host = o->value;
        } else if (o->option == &options[OPTION_LOG_SINCE]) {
            r = take_time(o, &ret->since_ns, why);
        } else if (o->option == &options[OPTION_LOG_UNTIL]) {
            r = take_time(o, &ret->until_ns, why);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* A glob, or a directory that it is in. */
static bool path_matches(const char *pattern, const char *path)
{
    size_t len = strlen(pattern);
    bool below = len && strncmp(pattern, path, len) == 0 && (path[len] == '/' || pattern[len - 1] == '/');
    return below || fnmatch(pattern, path, 0) == 0;
}

static bool any_matches(const struct json_line *record, const char *const *places, const char *pattern, bool path)
{
    for (; *places; places++) {
        _cleanup_buf_ struct buf text = { 0 };
        const struct json_value *v = json_find(record, *places);
        if (!v || v->kind != JSON_TEXT || json_unescape(v, &text) < 0 || !text.data)
            continue;
        if (path ? path_matches(pattern, text.data) : fnmatch(pattern, text.data, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}

static bool verdict_passes(const struct log_filter *f, const struct json_line *record)
{
    const struct json_value *v = json_find(record, "unmapped.verdict");
    if (!v)
        return false;
    bool asked = v->len > 6 && memcmp(v->text, "asked-", 6) == 0;
    if (asked && in_list(f->verdict, "asked", 5))
        return true;
    size_t skip = asked ? 6 : 0;
    return in_list(f->verdict, v->text + skip, v->len - skip);
}

bool log_time_of(const struct json_line *record, uint64_t *ret_ns)
{
    uint64_t ms, ns;
    if (!json_number(json_find(record, "time"), &ms) || !json_number(json_find(record, "unmapped.ns"), &ns) ||
        ms > UINT64_MAX / NS_PER_MS || ns >= NS_PER_MS)
        return false;
    *ret_ns = ms * NS_PER_MS + ns;
    return true;
}

bool log_filter_passes(const struct log_filter *f, const struct json_line *record)
{
    static const char *const paths[] = { "file.path", "file_result.path", "process.file.path", "unmapped.path",
                                         "unmapped.cwd", NULL };
    static const char *const hosts[] = { "dst_endpoint.hostname", "dst_endpoint.ip", "query.hostname", NULL };
    const struct json_value *kind = json_find(record, "unmapped.kind");
    uint64_t ns = 0;
    bool timed = log_time_of(record, &ns);
    if (f->kinds && (!kind || !in_list(f->kinds, kind->text, kind->len)))
        return false;
    if ((f->since_ns || f->until_ns != UINT64_MAX) && (!timed || ns < f->since_ns || ns > f->until_ns))
        return false;
    if (f->verdict && !verdict_passes(f, record))
        return false;
    if (f->path && !any_matches(record, paths, f->path, true))
        return false;
    return !f->host || any_matches(record, hosts, f->host, false);
}
