/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/reading.h"

#include <string.h>

#include "profile/ceiling_words.h"
#include "profile/file.h"
#include "profile/match.h"
#include "profile/path.h"
#include "profile/places.h"
#include "profile/reader.h"

int reading_open(struct reading *r, const struct policy_request *request, struct buf *why)
{
    *r = (struct reading){ .load = LOAD_EMPTY };
    struct arena *arena = arena_new();
    if (!arena)
        return -ENOMEM;
    r->policy.arena = arena;
    r->m = (struct merge){ .policy = &r->policy, .arena = arena, .host = request->host, .why = why };
    if (!r->m.host) {
        int error = host_load(&r->host);
        if (error < 0)
            return error;
        r->m.host = &r->host;
    }
    int found = places_find(&r->m);
    return found < 0 ? found : load_open(&r->load, &r->m);
}

void reading_close(struct reading *r)
{
    load_close(&r->load);
    settings_free(&r->m.settings);
    settings_free(&r->m.ceilings);
    free(r->m.sources);
    free(r->m.grant_settings);
    policy_free(&r->policy);
}

/* --- which there are --- */

struct look {
    struct merge *m;
    struct profile_entry *entry;
};

static int look_at_entry(void *data, const char *section, const char *name, const char *value, unsigned line, struct buf *why)
{
    (void)line;
    (void)why;
    struct look *look = data;
    struct profile_entry *e = look->entry;
    if (strcmp(section, "profile") != 0 || !value)
        return 0;
    if (strcmp(name, "description") == 0) {
        e->description = *value ? arena_strdup(look->m->arena, value) : NULL;
        return *value && !e->description ? -ENOMEM : 0;
    }
    if (strcmp(name, "match") != 0)
        return 0;
    if (!*value)
        strv_free(&e->match);
    const char *p = value;
    for (size_t len; (len = match_word(&p)) > 0; p += len) {
        int r = strv_take(&e->match, strndup(p, len));
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_entry(struct profile_entries *list, const struct profile_entry *entry)
{
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 32;
        struct profile_entry *v = reallocarray(list->v, size, sizeof(*v));
        if (!v)
            return -ENOMEM;
        list->v = v;
        list->size = size;
    }
    list->v[list->n++] = *entry;
    return 0;
}

/* Read it once more as a run would. */
static int try_file(struct reading *r, const struct profile_entry *e, const struct buf *text)
{
    unsigned line;
    r->m.settings.n = 0;
    r->m.n_sources = 0;
    return load_text(&r->load, e->file, FILE_PROFILE, text->data, text->len, &line);
}

/* One file: its own head, and whether it can be read at all. */
static int look_at_file(struct reading *r, size_t dir, const char *file_name, struct profile_entry *e)
{
    struct merge *m = &r->m;
    const struct profile_dir *d = &r->load.dirs[dir];
    _cleanup_buf_ struct buf text = { 0 };
    struct look look = { m, e };
    struct buf *why = m->why, mistake = { 0 };
    e->file = arena_concat(m->arena, d->path, "/", file_name);
    e->name = arena_strndup(m->arena, file_name, strlen(file_name) - strlen(".ini"));
    e->layer = d->layer;
    if (!e->file || !e->name)
        return -ENOMEM;
    m->why = &mistake;
    int error = config_file_read(m, d->fd, file_name, e->file, d->trusted, &text, NULL);
    if (error >= 0)
        error = reader_parse(e->file, text.data ? text.data : "", text.len, look_at_entry, &look, &mistake);
    if (error >= 0 && !name_is_plain(e->name))
        error = buf_printf(&mistake, "%s: no name of a profile; rename it (letters, digits, ._-)", e->file);
    if (error >= 0 && !mistake.len && text.len)
        error = try_file(r, e, &text);
    m->why = why;
    if (error < 0 || mistake.len)
        e->mistake = error == -ENOENT ? strdup("it is a link that leads nowhere") : buf_take(&mistake);
    buf_free(&mistake);
    return error == -ENOMEM || ((error < 0) && !e->mistake) ? -ENOMEM : 0;
}

static int list_dir(struct reading *r, size_t dir, struct profile_entries *list)
{
    const struct profile_dir *d = &r->load.dirs[dir];
    _cleanup_strv_ struct strv names = { 0 };
    if (d->fd < 0)
        return 0;
    int error = config_dir_list(&r->m, d->fd, d->path, &names, NULL);
    for (size_t i = 0; i < names.n && error >= 0; i++) {
        struct profile_entry e = { 0 };
        error = look_at_file(r, dir, names.v[i], &e);
        if (error >= 0)
            error = add_entry(list, &e);
        if (error < 0) {
            strv_free(&e.match);
            free(e.mistake);
        }
    }
    return error;
}

static int by_name_and_layer(const void *a, const void *b)
{
    const struct profile_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->layer < y->layer) - (x->layer > y->layer);
}

/* Which of several of one name is taken. */
static void shadow(struct reading *r, struct profile_entries *list)
{
    const struct profile_entry *taken = NULL;
    for (size_t i = 0; i < list->n; i++) {
        struct profile_entry *e = &list->v[i];
        if (taken && strcmp(taken->name, e->name) != 0)
            taken = NULL;
        e->fixed = ceiling_fixes_profile(&r->m, e->name) != NULL;
        if (taken)
            e->shadowed_by = taken->file;
        else if (!(e->fixed && e->layer == LAYER_USER))
            taken = e;
    }
    /* a user's file that a ceiling passes over comes before what is taken */
    for (size_t i = 0; i + 1 < list->n; i++)
        if (list->v[i].fixed && list->v[i].layer == LAYER_USER && strcmp(list->v[i].name, list->v[i + 1].name) == 0)
            list->v[i].shadowed_by = list->v[i + 1].file;
}

int reading_list(struct reading *r, struct profile_entries *ret)
{
    struct profile_entries list = { 0 };
    int error = load_ceilings(&r->load);
    for (size_t dir = 0; dir < N_PROFILE_DIRS && error >= 0; dir++)
        error = list_dir(r, dir, &list);
    if (error < 0) {
        profile_entries_free(&list);
        return error;
    }
    if (list.n)
        qsort(list.v, list.n, sizeof(*list.v), by_name_and_layer);
    shadow(r, &list);
    *ret = list;
    return 0;
}

void profile_entries_free(struct profile_entries *list)
{
    for (size_t i = 0; i < list->n; i++) {
        strv_free(&list->v[i].match);
        free(list->v[i].mistake);
    }
    free(list->v);
    *list = (struct profile_entries){ 0 };
}

/* --- what one comes to --- */

/* Does a later setting undo or replace an earlier one? */
static bool replaces(const struct setting *later, const struct setting *earlier)
{
    if (later->option != earlier->option)
        return false;
    if (!(later->option->flags & OPTION_LIST) || setting_empties(later))
        return true;
    if (later->option != &options[OPTION_ENV])
        return false;
    const char *a = later->name + (later->name[0] == '-'), *b = earlier->name + (earlier->name[0] == '-');
    return strcmp(a, b) == 0;
}

/* What says nothing once all before it is gone: an emptied list, a variable taken off. What an emptied value falls back to
 * is the same as where nothing is written. */
static bool says_nothing(const struct setting *s)
{
    return setting_empties(s) || (s->option == &options[OPTION_ENV] && s->name[0] == '-');
}

int reading_merged(struct reading *r, const char *name, struct settings *ret_settings)
{
    struct settings out = { 0 };
    int error = load_ceilings(&r->load);
    if (error >= 0)
        error = load_profile(&r->load, name);
    const struct settings *all = &r->m.settings;
    for (const struct option_section *s = option_sections; error >= 0 && (s->name || s->title); s++) {
        for (size_t i = 0; s->name && i < all->n && error >= 0; i++) {
            const struct setting *setting = &all->v[i];
            size_t row = (size_t)(setting->option - options);
            bool in_force = row >= s->first && row < s[1].first && !says_nothing(setting);
            for (size_t k = i + 1; k < all->n && in_force; k++)
                in_force = !replaces(&all->v[k], setting);
            if (in_force)
                error = settings_add(&out, setting);
        }
    }
    if (error < 0) {
        settings_free(&out);
        return error;
    }
    *ret_settings = out;
    return 0;
}
