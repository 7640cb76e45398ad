/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/profiles.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/prepare.h"
#include "cli/text.h"
#include "profile/reader.h"
#include "profile/reading.h"

static int fail(const struct buf *why)
{
    run_say(why->data ? why->data : "out of memory");
    return 125;
}

static const char *layer_name(enum layer layer)
{
    return layer == LAYER_USER ? "user" : layer == LAYER_ADMINISTRATOR ? "administrator" : "package";
}

/* --- --profiles --- */

static int profiles_json(const struct profile_entries *list, struct buf *out)
{
    struct json j = { .out = out };
    json_array(&j, NULL);
    for (size_t i = 0; i < list->n; i++) {
        const struct profile_entry *e = &list->v[i];
        json_object(&j, NULL);
        json_string(&j, "name", e->name);
        json_string(&j, "file", e->file);
        json_string(&j, "layer", layer_name(e->layer));
        json_string(&j, "description", e->description);
        json_array(&j, "match");
        for (size_t k = 0; k < e->match.n; k++)
            json_string(&j, NULL, e->match.v[k]);
        json_end(&j);
        json_string(&j, "shadowed_by", e->shadowed_by);
        json_string(&j, "mistake", e->mistake);
        json_end(&j);
    }
    json_end(&j);
    return json_finish(&j);
}

static int profile_text(const struct profile_entry *e, size_t width, struct buf *out)
{
    size_t begin = out->len;
    int r = text_line(out, e->name);
    size_t used = out->len - begin;
    if (r >= 0)
        r = buf_printf(out, "%*s  ", used < width ? (int)(width - used) : 0, "");
    if (r >= 0)
        r = text_line(out, e->description ? e->description : "");
    if (r >= 0)
        r = buf_printf(out, "\n%*s  %s: ", (int)width, "", layer_name(e->layer));
    if (r >= 0)
        r = text_line(out, e->file);
    for (size_t i = 0; i < e->match.n && r >= 0; i++) {
        r = buf_str(out, i ? " " : "; for ");
        if (r >= 0)
            r = text_line(out, e->match.v[i]);
    }
    if (r >= 0 && e->shadowed_by) {
        const char *reason = e->fixed && e->layer == LAYER_USER ? "fixed by a ceiling to " : "before it comes ";
        r = buf_printf(out, "\n%*s  not used: %s", (int)width, "", reason);
        if (r >= 0)
            r = text_line(out, e->shadowed_by);
    }
    if (r >= 0 && e->mistake) {
        r = buf_printf(out, "\n%*s  cannot be used: ", (int)width, "");
        if (r >= 0)
            r = text_line(out, e->mistake);
    }
    return r < 0 ? r : buf_char(out, '\n');
}

static int profiles_text(const struct profile_entries *list, struct buf *out)
{
    enum { WIDTH_MAX = 24 };
    size_t width = 0;
    int r = 0;
    for (size_t i = 0; i < list->n; i++) {
        size_t len = strlen(list->v[i].name);
        if (len > width)
            width = len < WIDTH_MAX ? len : WIDTH_MAX;
    }
    for (size_t i = 0; i < list->n && r >= 0; i++)
        r = profile_text(&list->v[i], width, out);
    return r;
}

int profiles_main(const struct policy_request *request)
{
    _cleanup_buf_ struct buf why = { 0 }, out = { 0 };
    _cleanup_reading_ struct reading reading;
    struct profile_entries list;
    int r = reading_open(&reading, request, &why);
    if (r >= 0)
        r = reading_list(&reading, &list);
    if (r < 0)
        return fail(&why);
    r = request->json ? profiles_json(&list, &out) : profiles_text(&list, &out);
    profile_entries_free(&list);
    return text_print(&out, r);
}

/* --- --show --- */

static int show_json(const struct settings *list, struct buf *out)
{
    struct json j = { .out = out };
    json_array(&j, NULL);
    for (size_t i = 0; i < list->n; i++) {
        const struct setting *s = &list->v[i];
        json_object(&j, NULL);
        json_string(&j, "section", s->option->section);
        json_string(&j, "key", s->name);
        json_string(&j, "value", s->value);
        json_string(&j, "file", s->origin.file);
        json_unsigned(&j, "line", s->origin.line);
        json_end(&j);
    }
    json_end(&j);
    return json_finish(&j);
}

/* As a profile that can be read back: values as they were written, where they were in a comment above. */
static int show_text(const struct reading *reading, const struct settings *list, struct buf *out)
{
    const char *section = NULL;
    int r = buf_printf(out, "# profile %s, with all that it includes\n", reading->policy.name);
    for (size_t i = 0; i < list->n && r >= 0; i++) {
        const struct setting *s = &list->v[i];
        if (!section || strcmp(section, s->option->section) != 0) {
            section = s->option->section;
            r = buf_printf(out, "\n[%s]\n", section);
        }
        if (r >= 0)
            r = buf_str(out, "# ");
        if (r >= 0)
            r = text_line(out, s->origin.file);
        if (r >= 0)
            r = buf_printf(out, ":%u\n%s", s->origin.line, s->name);
        if (r >= 0 && s->value)
            r = buf_printf(out, " = %s", s->value);
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    return r;
}

int show_main(const struct policy_request *request)
{
    _cleanup_buf_ struct buf why = { 0 }, out = { 0 };
    _cleanup_reading_ struct reading reading;
    struct settings list;
    int r = reading_open(&reading, request, &why);
    if (r >= 0)
        r = reading_merged(&reading, request->subject, &list);
    if (r < 0)
        return fail(&why);
    r = request->json ? show_json(&list, &out) : show_text(&reading, &list, &out);
    settings_free(&list);
    return text_print(&out, r);
}

/* --- --check --- */

/* By the directory that it lies in, as it would be read. */
static enum file_kind kind_of(const char *path)
{
    const char *base = strrchr(path, '/');
    if (!base)
        return FILE_PROFILE;
    const char *dir = base;
    while (dir > path && dir[-1] != '/')
        dir--;
    size_t len = (size_t)(base - dir);
    if (len == strlen("policy.d") && strncmp(dir, "policy.d", len) == 0)
        return FILE_CEILING;
    bool include = len == strlen("include") && strncmp(dir, "include", len) == 0;
    return include || (len > 2 && strncmp(base - 2, ".d", 2) == 0) ? FILE_PART : FILE_PROFILE;
}

static int check_json(const char *file, const struct mistakes *list, struct buf *out)
{
    struct json j = { .out = out };
    json_object(&j, NULL);
    json_string(&j, "file", file);
    json_bool(&j, "valid", list->n == 0);
    json_array(&j, "mistakes");
    for (size_t i = 0; i < list->n; i++) {
        json_object(&j, NULL);
        if (list->v[i].line)
            json_unsigned(&j, "line", list->v[i].line);
        else
            json_null(&j, "line");
        json_string(&j, "text", list->v[i].text);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    return json_finish(&j);
}

static int check_text(const char *file, const struct mistakes *list, bool quiet, struct buf *out)
{
    int r = 0;
    for (size_t i = 0; i < list->n && r >= 0; i++) {
        r = text_line(out, list->v[i].text);
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    if (list->n || quiet)
        return r;
    r = text_line(out, file);
    return r < 0 ? r : buf_str(out, ": no mistakes\n");
}

static int find_mistakes(struct reading *reading, const char *file, struct mistakes *ret)
{
    if (strcmp(file, "-") != 0)
        return reading_check_file(reading, file, kind_of(file), ret);
    _cleanup_buf_ struct buf text = { 0 };
    int r = buf_read_fd(&text, STDIN_FILENO, READER_FILE_MAX);
    if (r < 0) {
        (void)buf_printf(reading->m.why, "standard input cannot be read: %s", strerror(-r));
        return r;
    }
    return reading_check(reading, "standard input", FILE_PROFILE, text.data ? text.data : "", text.len, ret);
}

int check_main(const struct policy_request *request)
{
    _cleanup_buf_ struct buf why = { 0 }, out = { 0 };
    _cleanup_reading_ struct reading reading;
    struct mistakes list;
    int r = reading_open(&reading, request, &why);
    if (r >= 0)
        r = find_mistakes(&reading, request->subject, &list);
    if (r < 0)
        return fail(&why);
    const char *name = strcmp(request->subject, "-") == 0 ? "standard input" : request->subject;
    r = request->json ? check_json(name, &list, &out) : check_text(name, &list, request->quiet, &out);
    int status = list.n ? 1 : 0;
    mistakes_free(&list);
    int printed = text_print(&out, r);
    return printed ? printed : status;
}
