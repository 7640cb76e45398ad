/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/list.h"

#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cli/running.h"
#include "cli/text.h"
#include "sys/library.h"

enum { COLUMNS = 8, WIDTH_MAX = 32 };

/* One row of the table; the last column is not padded. */
struct row {
    struct buf cells[COLUMNS];
};

static void user_name(uid_t uid, char *name, size_t size)
{
    const struct passwd *pw = library_user(uid);
    if (pw)
        snprintf(name, size, "%s", pw->pw_name);
    else
        snprintf(name, size, "%u", uid);
}

static int fill_row(const struct jail *jail, const struct running *now, struct row *row)
{
    char user[64];
    user_name(jail->uid, user, sizeof(user));
    struct buf *c = row->cells;
    int r = text_line(&c[0], jail->id);
    if (r >= 0)
        r = text_line(&c[1], user);
    if (r >= 0)
        r = text_line(&c[2], jail->profile);
    if (r >= 0)
        r = text_age(&c[3], (int64_t)time(NULL) - jail->start);
    if (r >= 0)
        r = text_line(&c[4], now->state);
    if (r >= 0)
        r = buf_printf(&c[5], "%zu", now->processes);
    if (r >= 0)
        r = text_size(&c[6], now->memory);
    return r < 0 ? r : text_line(&c[7], jail->command);
}

/* Characters, as far as UTF-8's bytes tell. */
static size_t width_of(const struct buf *cell)
{
    size_t width = 0;
    for (size_t i = 0; i < cell->len; i++)
        width += ((unsigned char)cell->data[i] & 0xC0) != 0x80;
    return width;
}

static int print_table(const struct row *rows, size_t n, bool users, struct buf *out)
{
    size_t widths[COLUMNS] = { 0 };
    int r = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            size_t width = width_of(&rows[i].cells[c]);
            if (width > widths[c])
                widths[c] = width < WIDTH_MAX ? width : WIDTH_MAX;
        }
    }
    for (size_t i = 0; i < n && r >= 0; i++) {
        for (size_t c = 0; c < COLUMNS && r >= 0; c++) {
            const struct buf *cell = &rows[i].cells[c];
            size_t width = width_of(cell);
            if (c == 1 && !users)
                continue;
            bool last = c == COLUMNS - 1, right = c == 5 || c == 6;
            int pad = last || width > widths[c] ? 0 : (int)(widths[c] - width);
            const char *text = cell->data ? cell->data : "";
            r = right ? buf_printf(out, "%*s%s  ", pad, "", text) : buf_printf(out, "%s%*s%s", text, pad, "", last ? "" : "  ");
        }
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    return r;
}

static int print_text(const struct jails *list, const struct processes *all, bool users, struct buf *out)
{
    static const char *const head[COLUMNS] = { "ID", "USER", "PROFILE", "SINCE", "STATE", "PROCESSES", "MEMORY", "COMMAND" };
    if (!list->n)
        return 0;
    struct row *rows = calloc(list->n + 1, sizeof(*rows));
    if (!rows)
        return -ENOMEM;
    int r = 0;
    for (size_t c = 0; c < COLUMNS && r >= 0; c++)
        r = buf_str(&rows[0].cells[c], head[c]);
    for (size_t i = 0; i < list->n && r >= 0; i++) {
        struct running now = running_measure(list, i, all);
        r = fill_row(&list->v[i], &now, &rows[1 + i]);
    }
    if (r >= 0)
        r = print_table(rows, list->n + 1, users, out);
    for (size_t i = 0; i <= list->n; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            buf_free(&rows[i].cells[c]);
    free(rows);
    return r;
}

static int print_json(const struct jails *list, const struct processes *all, struct buf *out)
{
    struct json j = { .out = out };
    json_array(&j, NULL);
    for (size_t i = 0; i < list->n; i++) {
        const struct jail *jail = &list->v[i];
        struct running now = running_measure(list, i, all);
        _cleanup_buf_ struct buf started = { 0 };
        char user[64];
        user_name(jail->uid, user, sizeof(user));
        if (text_time(&started, jail->start) < 0)
            return -ENOMEM;
        json_object(&j, NULL);
        json_string(&j, "id", jail->id);
        json_string(&j, "user", user);
        json_unsigned(&j, "uid", jail->uid);
        json_string(&j, "profile", jail->profile);
        json_string(&j, "command", jail->command);
        json_string(&j, "workspace", jail->workspace[0] ? jail->workspace : NULL);
        json_string(&j, "network", jail->network);
        json_string(&j, "since", started.data);
        json_integer(&j, "seconds", (int64_t)time(NULL) - jail->start);
        json_string(&j, "state", now.state);
        json_unsigned(&j, "processes", now.processes);
        json_unsigned(&j, "memory", now.memory);
        json_integer(&j, "monitor", jail->monitor);
        json_integer(&j, "init", jail->init);
        json_end(&j);
    }
    json_end(&j);
    return json_finish(&j);
}

int list_main(const struct policy_request *request)
{
    _cleanup_jails_ struct jails list = { 0 };
    _cleanup_processes_ struct processes all = { 0 };
    _cleanup_buf_ struct buf out = { 0 };
    int status = running_find(request, &list);
    if (status != 0)
        return status;
    int r = list.n ? running_processes(&list, &all) : 0;
    if (r >= 0)
        r = request->json ? print_json(&list, &all, &out) : print_text(&list, &all, request->all_users, &out);
    running_sweep(&list, false);
    return text_print(&out, r);
}
