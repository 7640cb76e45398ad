/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/report.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

enum { INDEX_SIZE = 1 << 16, LINE_MAX_BYTES = 1 << 20, TEXT_MAX_BYTES = 4096 };
_Static_assert(INDEX_SIZE >= 2 * REPORT_TABLES * REPORT_ROWS_MAX, "the index always has room");

/* --- tables --- */

/* FNV-1a from a start that nobody who chose the names knows. */
static uint32_t hash_of(enum report_table table, const char *subject, const char *detail)
{
    uint32_t h = 2166136261U ^ (uint32_t)table;
    const unsigned char *seed = (const unsigned char *)(uintptr_t)getauxval(AT_RANDOM);
    for (int i = 0; seed && i < 16; i++)
        h = (h ^ seed[i]) * 16777619U;
    for (; *subject; subject++)
        h = (h ^ (unsigned char)*subject) * 16777619U;
    h *= 16777619U;
    for (; detail && *detail; detail++)
        h = (h ^ (unsigned char)*detail) * 16777619U;
    return h;
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Places in the index are table * REPORT_ROWS_MAX + row + 1; 0: free. */
static uint32_t *find_slot(struct report *r, enum report_table table, const char *subject, const char *detail, uint32_t h)
{
    for (uint32_t i = h % INDEX_SIZE;; i = (i + 1) % INDEX_SIZE) {
        uint32_t *slot = &r->index[i];
        if (!*slot)
            return slot;
        if ((*slot - 1) / REPORT_ROWS_MAX != (uint32_t)table)
            continue;
        const struct report_row *row = &r->tables[table].v[(*slot - 1) % REPORT_ROWS_MAX];
        if (row->hash == h && strcmp(row->subject, subject) == 0 && is_same(row->detail, detail))
            return slot;
    }
}

static struct report_row *add_row(struct report *r, enum report_table table)
{
    size_t size = r->tables[table].size ? 2 * r->tables[table].size : 16;
    if (r->tables[table].n == r->tables[table].size) {
        struct report_row *grown = reallocarray(r->tables[table].v, size, sizeof(*grown));
        if (!grown)
            return NULL;
        r->tables[table].v = grown;
        r->tables[table].size = size;
    }
    struct report_row *row = &r->tables[table].v[r->tables[table].n];
    *row = (struct report_row){ .observed = true };
    return row;
}

/* The row of that subject and detail, a new one if need be. NULL with *ret_error 0: there is no room for more. */
static struct report_row *row_of(struct report *r, enum report_table table, const char *subject, const char *detail,
                                 int *ret_error)
{
    *ret_error = -ENOMEM;
    if (!r->index && !(r->index = calloc(INDEX_SIZE, sizeof(*r->index))))
        return NULL;
    uint32_t h = hash_of(table, subject, detail);
    uint32_t *slot = find_slot(r, table, subject, detail, h);
    *ret_error = 0;
    if (*slot)
        return &r->tables[table].v[(*slot - 1) % REPORT_ROWS_MAX];
    if (r->tables[table].n == REPORT_ROWS_MAX) {
        r->tables[table].more++;
        return NULL;
    }
    *ret_error = -ENOMEM;
    struct report_row *row = add_row(r, table);
    if (!row || !(row->subject = strdup(subject)) || (detail && !(row->detail = strdup(detail)))) {
        if (row)
            free(row->subject);
        return NULL;
    }
    row->hash = h;
    *slot = (uint32_t)(table * REPORT_ROWS_MAX + r->tables[table].n++ + 1);
    *ret_error = 0;
    return row;
}

/* --- what a record says --- */

/* A string at that place, owned by the caller, or NULL. */
static char *text_at(const struct json_line *record, const char *place)
{
    _cleanup_buf_ struct buf text = { 0 };
    const struct json_value *v = json_find(record, place);
    if (!v || v->kind == JSON_OBJECT || v->kind == JSON_ARRAY || json_unescape(v, &text) < 0 || !text.data)
        return NULL;
    if (text.len > TEXT_MAX_BYTES)
        text.data[TEXT_MAX_BYTES] = '\0';
    return buf_take(&text);
}

static uint64_t number_at(const struct json_line *record, const char *place, uint64_t otherwise)
{
    uint64_t n;
    return json_number(json_find(record, place), &n) ? n : otherwise;
}

static bool has_word(const struct json_line *record, const char *place, const char *word)
{
    return json_is(json_find(record, place), word);
}

static void replace(char **text, char *with)
{
    if (!with)
        return;
    free(*text);
    *text = with;
}

/* A hash as we write it, of the file or of what it has become. */
static void take_hash(const struct json_line *record, const char *place, char ret[static REPORT_HASH_TEXT])
{
    const struct json_value *list = json_find(record, place);
    const struct json_value *first = list && list->kind == JSON_ARRAY ? json_element(record, list, 0) : NULL;
    const struct json_value *v = NULL;
    for (size_t i = 0; first && first->kind == JSON_OBJECT && (v = json_element(record, first, i)); i++)
        if (v->key_len == 5 && memcmp(v->key, "value", 5) == 0)
            break;
    if (!v || v->len != REPORT_HASH_TEXT - 1)
        return;
    for (size_t i = 0; i < v->len; i++)
        if (!strchr("0123456789abcdef", v->text[i]) || !v->text[i])
            return;
    memcpy(ret, v->text, v->len);
    ret[v->len] = '\0';
}

static void note_verified(struct report_row *row, const struct json_line *record)
{
    const struct json_value *v = json_find(record, "unmapped.verified");
    if (v && v->len == 4 && memcmp(v->text, "true", 4) == 0)
        row->observed = false;
}

static unsigned changes_of(const struct json_line *record)
{
    static const struct {
        const char *word;
        unsigned change;
    } words[] = { { "create", REPORT_CREATED }, { "link", REPORT_CREATED },    { "write", REPORT_WRITTEN },
                  { "truncate", REPORT_WRITTEN }, { "remove", REPORT_REMOVED }, { "rename", REPORT_RENAMED },
                  { "mode", REPORT_CHANGED },   { "attribute", REPORT_CHANGED } };
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (has_word(record, "unmapped.activity", words[i].word))
            return words[i].change;
    return 0;
}

static int take_name(struct report *r, const struct json_line *record, const char *name, unsigned change, bool hashes)
{
    int error;
    if (strncmp(name, "/dev/", 5) == 0 || strncmp(name, "/proc/", 6) == 0)
        return 0; /* nothing that lasts */
    struct report_row *row = row_of(r, change ? REPORT_FILES : REPORT_READ, name, NULL, &error);
    if (!row)
        return error;
    row->count += number_at(record, "count", 1);
    row->changes |= change;
    note_verified(row, record);
    if (hashes && !*row->before) /* what was seen while it ran has none */
        take_hash(record, "file.hashes", row->before);
    if (hashes)
        take_hash(record, "file_result.hashes", row->after);
    return 0;
}

/* A link makes its second name, a rename changes both. */
static int take_file(struct report *r, const struct json_line *record)
{
    _cleanup_free_ char *path = text_at(record, "file.path"), *second = text_at(record, "file_result.path");
    unsigned change = changes_of(record);
    bool link = has_word(record, "unmapped.activity", "link"), two = link || change == REPORT_RENAMED;
    int e = path && !link ? take_name(r, record, path, change, !two) : 0;
    return e == 0 && second && two ? take_name(r, record, second, change, false) : e;
}

static int take_program(struct report *r, const struct json_line *record)
{
    int error;
    if (!has_word(record, "unmapped.activity", "exec"))
        return 0;
    _cleanup_free_ char *path = text_at(record, "process.file.path"), *line = text_at(record, "process.cmd_line");
    struct report_row *row = row_of(r, REPORT_PROGRAMS, path ? path : "?", line, &error);
    if (!row)
        return error;
    row->count += number_at(record, "count", 1);
    note_verified(row, record);
    return 0;
}

/* HOST:PORT, owned by the caller. */
static char *place_of(const struct json_line *record)
{
    _cleanup_buf_ struct buf out = { 0 };
    static const char *const names[] = { "query.hostname", "dst_endpoint.hostname", "dst_endpoint.ip",
                                         "dst_endpoint.svc_name" };
    _cleanup_free_ char *host = NULL;
    uint64_t port = number_at(record, "dst_endpoint.port", 0);
    for (size_t i = 0; i < ELEMENTSOF(names) && !host; i++)
        host = text_at(record, names[i]);
    int e = buf_str(&out, host ? host : "?");
    if (e >= 0 && port)
        e = buf_printf(&out, ":%llu", (unsigned long long)port);
    return e < 0 ? NULL : buf_take(&out);
}

static int take_place(struct report *r, const struct json_line *record)
{
    int error;
    _cleanup_free_ char *subject = place_of(record), *protocol = text_at(record, "connection_info.protocol_name");
    struct report_row *row = subject ? row_of(r, REPORT_PLACES, subject, protocol, &error) : NULL;
    if (!row)
        return subject ? error : -ENOMEM;
    if (has_word(record, "unmapped.activity", "close")) {
        row->count += number_at(record, "count", 1);
        row->sent += number_at(record, "traffic.bytes_out", 0);
        row->received += number_at(record, "traffic.bytes_in", 0);
    }
    replace(&row->rule, text_at(record, "unmapped.rule"));
    note_verified(row, record);
    return 0;
}

/* PATH, or "PATH to SECOND"; owned by the caller. */
static char *names_of(const struct json_line *record)
{
    _cleanup_free_ char *path = text_at(record, "file.path"), *second = text_at(record, "file_result.path");
    _cleanup_buf_ struct buf out = { 0 };
    if (!path || !second)
        return TAKE_PTR(path);
    return buf_printf(&out, "%s to %s", path, second) < 0 ? NULL : buf_take(&out);
}

/* The first record of a denial is followed by one with the number of all, where there were more. */
static int take_denied(struct report *r, const struct json_line *record)
{
    int error;
    _cleanup_buf_ struct buf subject = { 0 };
    _cleanup_free_ char *kind = text_at(record, "unmapped.kind"), *place = NULL, *call = NULL, *why = NULL;
    if (has_word(record, "unmapped.kind", "network") || has_word(record, "unmapped.kind", "dns") ||
        has_word(record, "unmapped.kind", "http"))
        place = place_of(record);
    else if (has_word(record, "unmapped.kind", "file"))
        place = names_of(record);
    else if (has_word(record, "unmapped.kind", "process"))
        place = text_at(record, "process.file.path");
    else
        place = text_at(record, "unmapped.path");
    call = text_at(record, has_word(record, "unmapped.kind", "decision") ? "kernel.name" : "unmapped.call");
    why = text_at(record, "message");
    int e = buf_str(&subject, kind ? kind : "?");
    if (e >= 0 && call)
        e = buf_printf(&subject, " %s", call);
    if (e >= 0 && place)
        e = buf_printf(&subject, " %s", place);
    struct report_row *row = e < 0 ? NULL : row_of(r, REPORT_DENIED, subject.data, why, &error);
    if (!row)
        return e < 0 ? e : error;
    uint64_t count = number_at(record, "count", 1);
    row->count += count > 1 && row->count ? count - 1 : count;
    replace(&row->rule, text_at(record, "unmapped.rule"));
    replace(&row->fix, text_at(record, "unmapped.fix"));
    note_verified(row, record);
    return 0;
}

static int take_note(struct report *r, const struct json_line *record)
{
    int error;
    _cleanup_buf_ struct buf subject = { 0 };
    if (json_find(record, "unmapped.checkpoint"))
        return 0;
    _cleanup_free_ char *kind = text_at(record, "unmapped.kind"), *activity = text_at(record, "unmapped.activity");
    _cleanup_free_ char *path = text_at(record, "unmapped.path"), *why = text_at(record, "message");
    bool plain = activity && strcmp(activity, "note") == 0;
    int e = buf_printf(&subject, "%s%s%s%s%s", kind ? kind : "?", plain || !activity ? "" : " ",
                       plain || !activity ? "" : activity, path ? " " : "", path ? path : "");
    struct report_row *row = e < 0 ? NULL : row_of(r, REPORT_NOTES, subject.data, why, &error);
    if (!row)
        return e < 0 ? e : error;
    row->count++;
    return 0;
}

static int take_argv(struct report *r, const struct json_line *record)
{
    const struct json_value *argv = json_find(record, "unmapped.argv"), *word;
    int e = 0;
    strv_free(&r->argv);
    for (size_t i = 0; e >= 0 && argv && argv->kind == JSON_ARRAY && (word = json_element(record, argv, i)); i++) {
        _cleanup_buf_ struct buf text = { 0 };
        e = json_unescape(word, &text);
        if (e >= 0)
            e = strv_add(&r->argv, text.data ? text.data : "");
    }
    return e;
}

static uint64_t time_of(const struct json_line *record)
{
    uint64_t ms = number_at(record, "time", 0), ns = number_at(record, "unmapped.ns", 0);
    return ms > UINT64_MAX / 2000000 || ns >= 1000000 ? 0 : ms * 1000000 + ns;
}

static int take_life(struct report *r, const struct json_line *record)
{
    if (has_word(record, "unmapped.activity", "start")) {
        r->began_ns = time_of(record);
        replace(&r->id, text_at(record, "metadata.correlation_uid"));
        replace(&r->profile, text_at(record, "unmapped.profile"));
        replace(&r->host, text_at(record, "unmapped.host"));
        replace(&r->level, text_at(record, "unmapped.level"));
        replace(&r->cwd, text_at(record, "unmapped.cwd"));
        return take_argv(r, record);
    }
    if (!has_word(record, "unmapped.activity", "stop"))
        return take_note(r, record);
    r->ended_ns = time_of(record);
    r->has_status = json_number(json_find(record, "unmapped.status"), &r->status);
    replace(&r->ended_by, text_at(record, "message"));
    return 0;
}

static bool is_denied(const struct json_line *record)
{
    return has_word(record, "unmapped.verdict", "denied") || has_word(record, "unmapped.verdict", "asked-denied");
}

int report_take(struct report *r, const struct json_line *record)
{
    r->records++;
    if (has_word(record, "unmapped.kind", "lifecycle"))
        return take_life(r, record);
    if (has_word(record, "unmapped.kind", "fence") || has_word(record, "unmapped.kind", "limit") ||
        has_word(record, "unmapped.kind", "alert") || has_word(record, "unmapped.kind", "integrity"))
        return take_note(r, record);
    if (is_denied(record))
        return take_denied(r, record);
    if (has_word(record, "unmapped.kind", "file"))
        return take_file(r, record);
    if (has_word(record, "unmapped.kind", "process"))
        return take_program(r, record);
    if (has_word(record, "unmapped.kind", "network"))
        return take_place(r, record);
    return 0; /* names that were asked for lead to places, requests go to them */
}

struct choice {
    bool (*passes)(const void *context, const struct json_line *record);
    const void *context;
};

static bool is_chosen(const struct choice *choice, const struct json_line *record)
{
    return !choice->passes || has_word(record, "unmapped.kind", "lifecycle") || choice->passes(choice->context, record);
}

/* The whole lines that are in; what is left moves to the front. */
static int take_lines(struct report *r, struct json_line *record, struct buf *in, const struct choice *choice)
{
    char *at = in->data, *end = in->data + in->len, *newline;
    int e = 0;
    for (; e >= 0 && at < end && (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        if (json_read(record, at, (size_t)(newline - at)) < 0)
            r->strange++;
        else
            e = is_chosen(choice, record) ? report_take(r, record) : 0;
    }
    in->len = (size_t)(end - at);
    if (in->len > LINE_MAX_BYTES) { /* no record is as long */
        r->strange++;
        in->len = 0;
    }
    memmove(in->data, end - in->len, in->len);
    return e;
}

int report_read(struct report *r, struct log_stream *log, bool (*passes)(const void *context, const struct json_line *record),
                const void *context)
{
    const struct choice choice = { passes, context };
    _cleanup_free_ struct json_line *record = malloc(sizeof(*record));
    _cleanup_buf_ struct buf in = { 0 };
    char block[65536];
    int e = record ? 0 : -ENOMEM;
    while (e >= 0) {
        ssize_t n = log_stream_read(log, block, sizeof(block));
        if (n <= 0) {
            e = (int)n;
            break;
        }
        e = buf_add(&in, block, (size_t)n);
        if (e >= 0)
            e = take_lines(r, record, &in, &choice);
    }
    r->strange += in.len > 0;
    return e;
}

/* --- order --- */

static int by_name(const void *a, const void *b)
{
    const struct report_row *x = a, *y = b;
    int r = strcmp(x->subject, y->subject);
    return r ? r : strcmp(x->detail ? x->detail : "", y->detail ? y->detail : "");
}

static int by_bytes(const void *a, const void *b)
{
    const struct report_row *x = a, *y = b;
    uint64_t p = x->sent + x->received, q = y->sent + y->received;
    return p < q ? 1 : p > q ? -1 : by_name(a, b);
}

static int by_count(const void *a, const void *b)
{
    const struct report_row *x = a, *y = b;
    return x->count < y->count ? 1 : x->count > y->count ? -1 : by_name(a, b);
}

void report_sort(struct report *r)
{
    static int (*const orders[REPORT_TABLES])(const void *, const void *) = {
        [REPORT_FILES] = by_name,   [REPORT_READ] = by_name,    [REPORT_PROGRAMS] = by_name,
        [REPORT_PLACES] = by_bytes, [REPORT_DENIED] = by_count,
    };
    free(r->index); /* rows are no longer where it says */
    r->index = NULL;
    for (size_t i = 0; i < REPORT_TABLES; i++)
        if (orders[i] && r->tables[i].n)
            qsort(r->tables[i].v, r->tables[i].n, sizeof(*r->tables[i].v), orders[i]);
}

void report_free(struct report *r)
{
    for (size_t t = 0; t < REPORT_TABLES; t++) {
        for (size_t i = 0; i < r->tables[t].n; i++) {
            struct report_row *row = &r->tables[t].v[i];
            free(row->subject);
            free(row->detail);
            free(row->rule);
            free(row->fix);
        }
        free(r->tables[t].v);
    }
    free(r->index);
    free(r->id);
    free(r->profile);
    free(r->host);
    free(r->cwd);
    free(r->level);
    free(r->ended_by);
    strv_free(&r->argv);
    *r = (struct report){ 0 };
}
