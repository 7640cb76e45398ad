/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/explain_out.h"
#include "cli/explain_values.h"
#include "profile/option.h"

static void add_head(struct explain *e)
{
    const struct policy *p = e->policy;
    ADD(e, "profile ");
    explain_add(e, p->name ? p->name : "?");
    if (p->description) {
        ADD(e, ": ");
        explain_add(e, p->description);
    }
    ADD(e, "\n");
    for (const char *const *file = p->files; file && *file; file++) {
        ADD(e, "  read ");
        explain_add(e, *file);
        ADD(e, "\n");
    }
    for (size_t i = 0; i < p->notes.n; i++) {
        ADD(e, "  note: ");
        explain_add(e, p->notes.v[i]);
        ADD(e, "\n");
    }
}

static const char *const bwrap_words[] = { [BWRAP_FREE] = "allow", [BWRAP_BOUNDED] = "bounded", [BWRAP_DENIED] = "deny" };

/* Whether who comes with bubblewrap's command line is bounded as this policy is. */
static void add_bwrap(struct explain *e)
{
    static const char *const meanings[] = {
        [BWRAP_FREE] = "no ceiling holds for who calls agentjail as bubblewrap",
        [BWRAP_BOUNDED] = "all of them hold for who calls agentjail as bubblewrap, too",
        [BWRAP_DENIED] = "nobody may call agentjail as bubblewrap",
    };
    const struct policy *p = e->policy;
    if (!p->ceilings)
        return;
    ADD(e, "  ceilings: %s: bwrap = %s, ", meanings[p->bwrap], bwrap_words[p->bwrap]);
    if (p->bwrap_origin.file) {
        explain_add(e, p->bwrap_origin.file);
        ADD(e, ":%u\n", p->bwrap_origin.line);
    } else {
        ADD(e, "which nobody wrote; an administrator may write bounded or deny in [ceiling]\n");
    }
}

static void json_bwrap(struct json *j, const struct policy *p)
{
    if (!p->ceilings)
        return;
    json_object(j, "ceiling_bwrap");
    json_string(j, "value", bwrap_words[p->bwrap]);
    json_string(j, "file", p->bwrap_origin.file);
    if (p->bwrap_origin.file)
        json_unsigned(j, "line", p->bwrap_origin.line);
    else
        json_null(j, "line");
    json_end(j);
}

static void add_own(struct explain *e)
{
    ADD(e, "\nNever visible, whatever is granted: agentjail's own\n");
    for (size_t i = 0; i < e->policy->own_paths.n; i++) {
        ADD(e, "  ");
        explain_add(e, e->policy->own_paths.v[i]);
        ADD(e, "\n");
    }
}

static void add_missing(struct explain *e)
{
    if (!e->host)
        return;
    if (!e->missing.len) {
        ADD(e, "\nThis host lacks nothing that this policy uses.\n");
        return;
    }
    ADD(e, "\n%sThis host lacks%s (agentjail --doctor says how to mend it):\n", explain_colour(e, EXPLAIN_RED),
        explain_colour(e, EXPLAIN_PLAIN));
    for (char *line = e->missing.data, *end; *line; line = end) {
        end = strchrnul(line, '\n');
        if (*end)
            *end++ = '\0';
        ADD(e, "  ");
        explain_add(e, line);
        ADD(e, "\n");
    }
}

static void add_plan(struct explain *e, const struct plan *plan)
{
    ADD(e, "\nThe view, step by step:\n");
    _cleanup_buf_ struct buf text = { 0 };
    int r = plan_print(plan, &text);
    if (r < 0)
        e->result = r;
    for (char *line = text.data, *end; line && *line; line = end) {
        end = strchrnul(line, '\n');
        if (*end)
            *end++ = '\0';
        ADD(e, "  %s\n", line);
    }
    for (size_t i = 0; i < plan->notes.n; i++) {
        ADD(e, "  note: ");
        explain_add(e, plan->notes.v[i]);
        ADD(e, "\n");
    }
}

int explain_text(const struct policy *policy, const struct plan *plan, const struct host_features *host, bool in_colour,
                 struct buf *out)
{
    struct explain e = { .policy = policy, .host = host, .out = out, .colour = in_colour };
    add_head(&e);
    add_bwrap(&e);
    for (const struct option_section *s = option_sections; s->name || s->title; s++)
        if (s->name && s->title && strcmp(s->name, "profile") != 0)
            explain_section(&e, s, s[1].first);
    add_own(&e);
    add_missing(&e);
    if (plan)
        add_plan(&e, plan);
    buf_free(&e.held);
    buf_free(&e.missing);
    return e.result < 0 ? e.result : 0;
}

static void add_lines(struct json *j, const char *key, const char *text)
{
    json_array(j, key);
    while (text && *text) {
        const char *end = strchrnul(text, '\n');
        json_bytes(j, NULL, text, (size_t)(end - text));
        text = *end ? end + 1 : end;
    }
    json_end(j);
}

static void add_strings(struct json *j, const char *key, const struct strv *list)
{
    json_array(j, key);
    for (size_t i = 0; i < list->n; i++)
        json_string(j, NULL, list->v[i]);
    json_end(j);
}

int explain_json(const struct policy *policy, const struct plan *plan, const struct host_features *host, struct buf *out)
{
    struct json j = { .out = out };
    struct explain e = { .policy = policy, .host = host, .out = out, .json = &j };
    json_object(&j, NULL);
    json_string(&j, "profile", policy->name);
    json_string(&j, "description", policy->description);
    json_array(&j, "files");
    for (const char *const *file = policy->files; file && *file; file++)
        json_string(&j, NULL, *file);
    json_end(&j);
    add_strings(&j, "notes", &policy->notes);
    json_bwrap(&j, policy);
    json_array(&j, "policy");
    for (const struct option_section *s = option_sections; s->name || s->title; s++)
        if (s->name && s->title && strcmp(s->name, "profile") != 0)
            explain_section(&e, s, s[1].first);
    json_end(&j);
    add_strings(&j, "never_visible", &policy->own_paths);
    if (host)
        add_lines(&j, "host_lacks", e.missing.data);
    _cleanup_buf_ struct buf steps = { 0 };
    int r = plan ? plan_print(plan, &steps) : 0;
    if (plan) {
        add_lines(&j, "view", steps.data);
        add_strings(&j, "view_notes", &plan->notes);
    }
    json_end(&j);
    buf_free(&e.held);
    buf_free(&e.missing);
    if (r < 0 || e.result < 0)
        return r < 0 ? r : e.result;
    return json_finish(&j);
}

int explain_print(const struct policy *policy, const struct plan *plan, const struct host_features *host, FILE *out)
{
    _cleanup_buf_ struct buf text = { 0 };
    const char *no_color = getenv("NO_COLOR");
    bool in_colour = isatty(fileno(out)) && !(no_color && *no_color);
    int r = explain_text(policy, plan, host, in_colour, &text);
    if (r < 0)
        return r;
    return fwrite(text.data, 1, text.len, out) == text.len && fflush(out) == 0 ? 0 : -EIO;
}
