/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/frame.h"

#include <stdlib.h>
#include <string.h>

#include "profile/file.h"
#include "profile/nearest.h"
#include "profile/path.h"
#include "profile/reader.h"

static int fail_at(const struct frame *f, unsigned line, const char *key, const char *text)
{
    int r = buf_printf(f->load->m->why, "%s:%u: %s: %s", f->file, line, key, text);
    return r < 0 ? r : -EINVAL;
}

static int unknown_key(const struct frame *f, const char *section, const char *name, unsigned line)
{
    struct nearest nearest = { .word = name };
    const char *other = NULL, *here = NULL; /* the section that has it; the key here whose option is called so */
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (!options[i].section || !options[i].key)
            continue;
        if (strcmp(options[i].key, name) == 0)
            other = options[i].section;
        else if (strcmp(options[i].section, section) == 0)
            nearest_try(&nearest, options[i].key);
        if (strcmp(options[i].section, section) == 0 && options[i].name && strcmp(options[i].name, name) == 0)
            here = options[i].key;
    }
    char text[256];
    if (here)
        nearest.name = here;
    if (other && !here)
        snprintf(text, sizeof(text), "unknown in [%s]; it belongs to [%s]", section, other);
    else if (nearest.name)
        snprintf(text, sizeof(text), "unknown key in [%s]; did you mean %s?", section, nearest.name);
    else
        snprintf(text, sizeof(text), "unknown key in [%s]; see agentjail-profile(5)", section);
    return fail_at(f, line, name, text);
}

/* May this key stand in this kind of file, and is it the first of its kind there? */
static int check_place(struct frame *f, const struct option *o, const char *name, unsigned line)
{
    char text[128];
    if (f->kind == FILE_CEILING && o->ceiling == CEILING_REFUSED)
        return fail_at(f, line, name, "cannot be a ceiling; write it in a profile");
    if (f->kind != FILE_CEILING && o->ceiling == CEILING_OWN)
        return fail_at(f, line, name, "belongs to a file in policy.d");
    if (f->kind == FILE_PART && (o->flags & OPTION_MAIN_FILE))
        return fail_at(f, line, name, "only in a profile's own file, not in an include or drop-in");
    if (o->flags & OPTION_LIST)
        return 0;
    unsigned *seen = &f->seen[o - options];
    if (*seen) {
        snprintf(text, sizeof(text), "written twice, first in line %u; keep one", *seen);
        return fail_at(f, line, name, text);
    }
    *seen = line;
    return 0;
}

int frame_take(void *data, const char *section, const char *name, const char *value, unsigned line,
               struct buf *why)
{
    (void)why;
    struct frame *f = data;
    struct arena *arena = f->load->m->arena;
    f->line = line;
    const struct option *o = option_by_key(section, name);
    if (!o)
        return unknown_key(f, section, name, line);
    if (!value && o->key)
        return fail_at(f, line, name, "no '='; write key = value");
    if (f->whole && (o->flags & OPTION_MAIN_FILE))
        return 0;
    int r = check_place(f, o, name, line);
    if (r < 0)
        return r;

    struct setting s = {
        .option = o,
        .name = o->key ? o->key : arena_strdup(arena, name),
        .value = value ? arena_strdup(arena, value) : NULL,
        .origin = { f->file, line },
        .layer = f->layer,
    };
    if (!s.name || (value && !s.value))
        return -ENOMEM;
    if (o == &options[OPTION_INCLUDE] && f->kind != FILE_CEILING)
        return frame_include(f, &s);
    return settings_add(f->out, &s);
}

static int note_source(struct merge *m, const char *file, const char *real, enum layer layer)
{
    if (m->n_sources == FILES_MAX) {
        (void)buf_printf(m->why, "%s: more than %d files; include fewer", file, FILES_MAX);
        return -E2BIG;
    }
    if (m->n_sources == m->sources_size) {
        size_t size = m->sources_size ? m->sources_size * 2 : 16;
        struct source *v = reallocarray(m->sources, size, sizeof(*v));
        if (!v)
            return -ENOMEM;
        m->sources = v;
        m->sources_size = size;
    }
    m->sources[m->n_sources++] = (struct source){ file, real, layer };
    return 0;
}

int frame_read(struct frame *f, int dirfd, const char *name, bool trusted)
{
    struct merge *m = f->load->m;
    _cleanup_buf_ struct buf text = { 0 };
    const char *real = NULL;
    /* only the user's own files may come to lie in a grant through a symlink */
    int r = config_file_read(m, dirfd, name, f->file, trusted, &text, f->layer == LAYER_USER ? &real : NULL);
    if (r < 0)
        return r;
    r = note_source(m, f->file, real, f->layer);
    return r < 0 ? r : reader_parse(f->file, text.data, text.len, frame_take, f, m->why);
}

int frame_read_named(struct frame *f, size_t dir, const char *name, bool include)
{
    struct load *l = f->load;
    const struct profile_dir *d = &l->dirs[dir];
    if (d->fd < 0 || (f->fixed && d->layer == LAYER_USER))
        return -ENOENT;
    f->dir = dir;
    f->layer = d->layer;
    for (int in_include = include; in_include >= 0; in_include--) {
        char below[128];
        snprintf(below, sizeof(below), "%s%s.ini", in_include ? "include/" : "", name);
        f->file = arena_concat(l->m->arena, d->path, "/", below);
        if (!f->file)
            return -ENOMEM;
        bool self = false;
        for (const struct frame *up = f->up; up; up = up->up) {
            if (strcmp(up->file, f->file) != 0)
                continue;
            if (up == f->up) {
                self = f->self = true; /* "include = default" in the user's default means the next one of that name */
                break;
            }
            (void)buf_printf(l->m->why, "%s: includes itself by way of %s; remove one include", f->file, f->up->file);
            return -ELOOP;
        }
        f->whole = include && !in_include;
        int r = self ? -ENOENT : frame_read(f, d->fd, below, d->trusted);
        if (r != -ENOENT)
            return r;
    }
    return -ENOENT;
}

/* The profile of the three directories whose name is most like that, or NULL; the arena's. */
static const char *similar_profile(struct load *l, const char *name)
{
    struct nearest nearest = { .word = name };
    for (size_t i = 0; i < N_PROFILE_DIRS; i++) {
        _cleanup_strv_ struct strv files = { 0 };
        _cleanup_buf_ struct buf ignored = { 0 };
        struct merge m = *l->m;
        m.why = &ignored;
        if (l->dirs[i].fd < 0 || config_dir_list(&m, l->dirs[i].fd, l->dirs[i].path, &files, NULL) < 0)
            continue;
        for (size_t k = 0; k < files.n; k++) {
            const char *other = arena_strndup(l->m->arena, files.v[k], strlen(files.v[k]) - strlen(".ini"));
            if (other)
                nearest_try(&nearest, other);
        }
    }
    return nearest.name;
}

int frame_missing(struct load *l, const struct setting *s, const char *what, const char *name)
{
    _cleanup_buf_ struct buf places = { 0 };
    for (size_t i = 0; i < N_PROFILE_DIRS; i++)
        if (l->dirs[i].path)
            (void)buf_printf(&places, "%s%s", places.len ? ", " : "", l->dirs[i].path);
    const char *text = places.data ? places.data : "";
    if (s)
        return setting_fail(s, l->m->why, "there is no %s \"%s\" in %s; write -%s if it may be missing", what, name,
                            text, name);
    const char *similar = similar_profile(l, name);
    (void)buf_printf(l->m->why, "--profile=%s: there is no such profile in %s; ", name, text);
    (void)(similar ? buf_printf(l->m->why, "did you mean %s?", similar)
                   : buf_str(l->m->why, "agentjail --profiles lists those that there are"));
    return -ENOENT;
}

int frame_include(const struct frame *f, const struct setting *s)
{
    struct merge *m = f->load->m;
    if (!s->value || !*s->value)
        return setting_fail(s, m->why, "no name; write include = NAME, or remove the line");
    bool optional = s->value[0] == '-';
    const char *name = s->value + optional;
    if (!name_is_plain(name))
        return setting_fail(s, m->why,
                            "\"%s\" is no name of a profile file; write its name without \".ini\" and without "
                            "directory",
                            name);
    if (f->depth >= INCLUDE_DEPTH)
        return setting_fail(s, m->why, "more than %d includes inside one another; include it further out",
                            INCLUDE_DEPTH);
    struct frame inner = {
        .load = f->load,
        .up = f,
        .kind = FILE_PART,
        .fixed = f->fixed,
        .depth = f->depth + 1,
        .out = f->out,
    };
    for (size_t dir = 0; dir < N_PROFILE_DIRS; dir++) {
        int r = frame_read_named(&inner, dir, name, true);
        if (r == -ELOOP)
            (void)buf_printf(m->why, " (%s:%u)", s->origin.file, s->origin.line);
        if (r != -ENOENT)
            return r;
    }
    if (inner.self)
        return setting_fail(s, m->why, "the file includes itself; remove the line");
    return optional ? 0 : frame_missing(f->load, s, "profile file", name);
}
