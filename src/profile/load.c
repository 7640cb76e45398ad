/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/load.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "profile/ceiling.h"
#include "profile/file.h"
#include "profile/nearest.h"
#include "profile/path.h"
#include "profile/reader.h"

/* One file being read, and the files that include it. */
struct frame {
    struct load *load;
    const struct frame *up;
    const char *file; /* for messages, owned by the arena */
    enum file_kind kind;
    enum layer layer;
    size_t dir; /* index of the directory it lies in; N_PROFILE_DIRS: named by path */
    bool fixed; /* a profile that the user's directory must not change */
    unsigned depth;
    unsigned line;            /* being read */
    bool self;                /* looking for it, the including file itself was met */
    unsigned seen[N_OPTIONS]; /* lines of the scalar keys */
    struct settings *out;
};

int load_open(struct load *l, struct merge *m)
{
    *l = (struct load){ .m = m };
    const struct {
        const char *base, *rest;
        enum layer layer;
    } places[N_PROFILE_DIRS] = {
        { m->dirs.config, "/agentjail/profiles", LAYER_USER },
        { m->host->system_dir, "/profiles", LAYER_ADMINISTRATOR },
        { m->host->package_dir, "", LAYER_PACKAGED },
    };
    for (size_t i = 0; i < N_PROFILE_DIRS; i++)
        l->dirs[i].fd = -1;
    for (size_t i = 0; i < N_PROFILE_DIRS; i++) {
        struct profile_dir *d = &l->dirs[i];
        d->layer = places[i].layer;
        d->trusted = d->layer == LAYER_PACKAGED && m->host->uninstalled;
        if (!places[i].base)
            continue;
        d->path = arena_concat(m->arena, places[i].base, places[i].rest, NULL);
        if (!d->path)
            return -ENOMEM;
        int r = config_dir_open(m, d->path, d->trusted, &d->fd);
        if (r < 0)
            return r;
    }
    return 0;
}

void load_close(struct load *l)
{
    for (size_t i = 0; i < N_PROFILE_DIRS; i++)
        cleanup_close(&l->dirs[i].fd);
}

/* --- one file --- */

static int fail_at(const struct frame *f, unsigned line, const char *key, const char *text)
{
    int r = buf_printf(f->load->m->why, "%s:%u: %s: %s", f->file, line, key, text);
    return r < 0 ? r : -EINVAL;
}

static int unknown_key(const struct frame *f, const char *section, const char *name, unsigned line)
{
    struct nearest nearest = { .word = name };
    const char *other = NULL;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (!options[i].section || !options[i].key)
            continue;
        if (strcmp(options[i].key, name) == 0)
            other = options[i].section;
        else if (strcmp(options[i].section, section) == 0)
            nearest_try(&nearest, options[i].key);
    }
    char text[256];
    if (other)
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

static int read_include(const struct frame *f, const struct setting *s);

static int take_entry(void *data, const char *section, const char *name, const char *value, unsigned line,
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
        return read_include(f, &s);
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

/* Read the file of a frame, found below dirfd. -ENOENT without a message. */
static int read_frame(struct frame *f, int dirfd, const char *name, bool trusted)
{
    struct merge *m = f->load->m;
    _cleanup_buf_ struct buf text = { 0 };
    const char *real = NULL;
    /* only the user's own files may come to lie in a grant through a symlink */
    int r = config_file_read(m, dirfd, name, f->file, trusted, &text, f->layer == LAYER_USER ? &real : NULL);
    if (r < 0)
        return r;
    r = note_source(m, f->file, real, f->layer);
    return r < 0 ? r : reader_parse(f->file, text.data, text.len, take_entry, f, m->why);
}

/* Read NAME.ini of one directory, looked for in its include/ first if asked. */
static int read_from_dir(struct frame *f, size_t dir, const char *name, bool include)
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
        int r = self ? -ENOENT : read_frame(f, d->fd, below, d->trusted);
        if (r != -ENOENT)
            return r;
    }
    return -ENOENT;
}

static int missing(struct load *l, const struct setting *s, const char *what, const char *name)
{
    _cleanup_buf_ struct buf places = { 0 };
    for (size_t i = 0; i < N_PROFILE_DIRS; i++)
        if (l->dirs[i].path)
            (void)buf_printf(&places, "%s%s", places.len ? ", " : "", l->dirs[i].path);
    const char *text = places.data ? places.data : "";
    if (s)
        return setting_fail(s, l->m->why, "there is no %s \"%s\" in %s; write -%s if it may be missing", what, name,
                            text, name);
    (void)buf_printf(l->m->why, "--profile=%s: there is no such profile in %s", name, text);
    return -ENOENT;
}

static int read_include(const struct frame *f, const struct setting *s)
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
        int r = read_from_dir(&inner, dir, name, true);
        if (r == -ELOOP)
            (void)buf_printf(m->why, " (%s:%u)", s->origin.file, s->origin.line);
        if (r != -ENOENT)
            return r;
    }
    if (inner.self)
        return setting_fail(s, m->why, "the file includes itself; remove the line");
    return optional ? 0 : missing(f->load, s, "profile file", name);
}

/* "FILE:LINE:" at the begin of the message is this file's own. */
static unsigned line_of_message(const char *why, const char *file)
{
    size_t len = strlen(file);
    if (!why || strncmp(why, file, len) != 0 || why[len] != ':')
        return 0;
    return (unsigned)strtoul(why + len + 1, NULL, 10);
}

int load_text(struct load *l, const char *file, enum file_kind kind, const char *text, size_t len, unsigned *ret_line)
{
    struct merge *m = l->m;
    struct frame f = {
        .load = l,
        .file = file,
        .kind = kind,
        .layer = kind == FILE_CEILING ? LAYER_CEILING : LAYER_USER,
        .dir = N_PROFILE_DIRS,
        .out = kind == FILE_CEILING ? &m->ceilings : &m->settings,
    };
    int r = reader_parse(file, text, len, take_entry, &f, m->why);
    if (r < 0) {
        unsigned line = line_of_message(m->why->data, file);
        *ret_line = line ? line : f.line;
    }
    return r;
}

int load_include(struct load *l, const struct setting *s)
{
    struct frame top = { .load = l,
                         .file = "command line",
                         .kind = FILE_PART,
                         .layer = LAYER_COMMAND_LINE,
                         .dir = N_PROFILE_DIRS,
                         .out = &l->m->settings };
    return read_include(&top, s);
}

/* --- ceilings --- */

int load_ceilings(struct load *l)
{
    struct merge *m = l->m;
    const char *path = arena_concat(m->arena, m->host->system_dir, "/policy.d", NULL);
    if (!path)
        return -ENOMEM;
    _cleanup_close_ int fd = -1;
    _cleanup_strv_ struct strv names = { 0 };
    int r = config_dir_open(m, path, false, &fd);
    if (r < 0 || fd < 0 || (r = config_dir_list(m, fd, path, &names)) < 0)
        return r;
    for (size_t i = 0; i < names.n; i++) {
        struct frame f = {
            .load = l, .kind = FILE_CEILING, .layer = LAYER_CEILING, .dir = N_PROFILE_DIRS, .out = &m->ceilings
        };
        f.file = arena_concat(m->arena, path, "/", names.v[i]);
        r = f.file ? read_frame(&f, fd, names.v[i], false) : -ENOMEM;
        if (r == -ENOENT) { /* a dangling symlink: a ceiling is never left out */
            (void)buf_printf(m->why, "%s: cannot be read: it does not exist; remove the link", f.file);
            return r;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- drop-ins --- */

struct dropin {
    const char *name;
    size_t dir;
};

static int by_name_then_dir(const void *a, const void *b)
{
    const struct dropin *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->dir > y->dir) - (x->dir < y->dir);
}

/* Read one of NAME.d's files. */
static int read_dropin(struct load *l, int fd, const char *path, const struct dropin *d, bool fixed)
{
    struct merge *m = l->m;
    const struct profile_dir *dir = &l->dirs[d->dir];
    struct frame f = {
        .load = l, .kind = FILE_PART, .layer = dir->layer, .dir = d->dir, .fixed = fixed, .out = &m->settings
    };
    f.file = arena_concat(m->arena, path, "/", d->name);
    if (!f.file)
        return -ENOMEM;
    int r = read_frame(&f, fd, d->name, dir->trusted);
    if (r == -ENOENT)
        (void)buf_printf(m->why, "%s: cannot be read: it does not exist; remove the link", f.file);
    return r;
}

/* All three directories' NAME.d, sorted by file name; a file hides those of its name in later directories. */
static int read_dropins(struct load *l, const char *name, bool fixed)
{
    struct merge *m = l->m;
    struct strv names[N_PROFILE_DIRS] = { 0 };
    _cleanup_free_ struct dropin *all = NULL;
    const char *paths[N_PROFILE_DIRS] = { 0 };
    int fds[N_PROFILE_DIRS] = { -1, -1, -1 };
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < N_PROFILE_DIRS && r == 0; i++) {
        const struct profile_dir *d = &l->dirs[i];
        if (d->fd < 0 || (fixed && d->layer == LAYER_USER))
            continue;
        char below[80];
        snprintf(below, sizeof(below), "/%s.d", name);
        paths[i] = arena_concat(m->arena, d->path, below, NULL);
        r = paths[i] ? config_dir_open(m, paths[i], d->trusted, &fds[i]) : -ENOMEM;
        if (r == 0 && fds[i] >= 0)
            r = config_dir_list(m, fds[i], paths[i], &names[i]);
        n += names[i].n;
    }
    if (r == 0 && n) {
        all = calloc(n, sizeof(*all));
        r = all ? 0 : -ENOMEM;
    }
    if (r == 0 && n) {
        size_t k = 0;
        for (size_t i = 0; i < N_PROFILE_DIRS; i++)
            for (size_t j = 0; j < names[i].n; j++)
                all[k++] = (struct dropin){ names[i].v[j], i };
        qsort(all, n, sizeof(*all), by_name_then_dir);
        for (k = 0; k < n && r == 0; k++)
            if (k == 0 || strcmp(all[k].name, all[k - 1].name) != 0)
                r = read_dropin(l, fds[all[k].dir], paths[all[k].dir], &all[k], fixed);
    }
    for (size_t i = 0; i < N_PROFILE_DIRS; i++) {
        cleanup_close(&fds[i]);
        strv_free(&names[i]);
    }
    return r;
}

/* --- the profile --- */

static int read_path_profile(struct frame *f, const char *path, const char **ret_name)
{
    struct merge *m = f->load->m;
    char *file, name[256];
    int r = path_from(m->arena, m->cwd, path, &file);
    if (r < 0) {
        (void)buf_printf(m->why, "--profile=%s: no path without \"..\" inside; write an absolute path", path);
        return r == -ENOMEM ? r : -EINVAL;
    }
    const char *base = path_basename(file);
    size_t len = strlen(base);
    if (len > 4 && strcmp(base + len - 4, ".ini") == 0)
        len -= 4;
    snprintf(name, sizeof(name), "%.*s", (int)(len < 250 ? len : 250), base);
    if (!name_is_plain(name)) {
        (void)buf_printf(m->why,
                         "--profile=%s: \"%s\" is no name for a profile; rename the file (letters, digits, ._-)", path,
                         name);
        return -EINVAL;
    }
    const struct setting *fixed = ceiling_fixes_profile(m, name);
    if (fixed) {
        (void)buf_printf(m->why,
                         "--profile=%s: %s:%u keeps users from replacing the profile \"%s\"; write --profile=%s", path,
                         fixed->origin.file, fixed->origin.line, name, name);
        return -EPERM;
    }
    f->file = file;
    f->layer = LAYER_USER;
    *ret_name = arena_strdup(m->arena, name);
    r = *ret_name ? read_frame(f, AT_FDCWD, file, false) : -ENOMEM;
    if (r == -ENOENT)
        (void)buf_printf(m->why, "--profile=%s: there is no such file", path);
    return r;
}

int load_profile(struct load *l, const char *name)
{
    struct merge *m = l->m;
    struct frame f = { .load = l, .kind = FILE_PROFILE, .dir = N_PROFILE_DIRS, .out = &m->settings };
    int r = -ENOENT;
    if (strchr(name, '/')) {
        r = read_path_profile(&f, name, &name);
    } else {
        if (!name_is_plain(name)) {
            (void)buf_printf(m->why,
                             "--profile=%s: no name of a profile (letters, digits, ._-); for a file write a path with "
                             "a slash",
                             name);
            return -EINVAL;
        }
        f.fixed = ceiling_fixes_profile(m, name) != NULL;
        for (size_t dir = 0; dir < N_PROFILE_DIRS && r == -ENOENT; dir++)
            r = read_from_dir(&f, dir, name, false);
        if (r == -ENOENT)
            return missing(l, NULL, NULL, name);
    }
    if (r < 0)
        return r;
    m->policy->name = arena_strdup(m->arena, name);
    m->policy->profile_origin = (struct origin){ f.file, 1 };
    return m->policy->name ? read_dropins(l, name, f.fixed) : -ENOMEM;
}

/* --- match --- */

struct scan {
    const char *basename;
    const char *file;
    int rank; /* 2: by name, 1: by glob */
    unsigned line; /* of the match */
};

size_t match_word(const char **p)
{
    *p += strspn(*p, " ");
    return strcspn(*p, " ");
}

static int scan_entry(void *data, const char *section, const char *name, const char *value, unsigned line,
                      struct buf *why)
{
    struct scan *scan = data;
    if (strcmp(section, "profile") != 0 || strcmp(name, "match") != 0 || !value)
        return 0;
    if (!*value)
        scan->rank = 0;
    char word[256];
    const char *p = value;
    for (size_t len; (len = match_word(&p)) > 0; p += len) {
        if (len >= sizeof(word) || memchr(p, '/', len)) {
            (void)buf_printf(why, "%s:%u: match: names of commands without directory; write for instance claude",
                             scan->file, line);
            return -EINVAL;
        }
        memcpy(word, p, len);
        word[len] = '\0';
        int rank = strcmp(word, scan->basename) == 0 ? 2 : fnmatch(word, scan->basename, 0) == 0;
        if (rank > scan->rank) {
            scan->rank = rank;
            scan->line = line;
        }
    }
    return 0;
}

static int scan_file(struct load *l, size_t dir, const char *name, struct scan *scan)
{
    struct merge *m = l->m;
    const struct profile_dir *d = &l->dirs[dir];
    _cleanup_buf_ struct buf text = { 0 };
    scan->rank = 0;
    scan->file = arena_concat(m->arena, d->path, "/", name);
    if (!scan->file)
        return -ENOMEM;
    int r = config_file_read(m, d->fd, name, scan->file, d->trusted, &text, NULL);
    if (r == -ENOENT)
        return 0;
    /* most files have none, and parsing is what costs */
    if (r < 0 || text.len == 0 || !memmem(text.data, text.len, "\nmatch", 6))
        return r;
    return reader_parse(scan->file, text.data, text.len, scan_entry, scan, m->why);
}

int load_match(struct load *l, const char *basename, const char **ret_name, struct origin *ret_origin)
{
    struct merge *m = l->m;
    _cleanup_strv_ struct strv shadowed = { 0 };
    struct scan scan = { .basename = basename };
    const char *best = "default";
    int best_rank = 0;
    for (size_t dir = 0; dir < N_PROFILE_DIRS; dir++) {
        _cleanup_strv_ struct strv names = { 0 };
        if (l->dirs[dir].fd < 0)
            continue;
        int r = config_dir_list(m, l->dirs[dir].fd, l->dirs[dir].path, &names);
        for (size_t i = 0; i < names.n && r == 0; i++) {
            char name[256];
            snprintf(name, sizeof(name), "%.*s", (int)strlen(names.v[i]) - 4, names.v[i]);
            bool fixed = ceiling_fixes_profile(m, name) != NULL;
            if (strv_has(&shadowed, names.v[i]) || (fixed && l->dirs[dir].layer == LAYER_USER) || !name_is_plain(name))
                continue;
            r = scan_file(l, dir, names.v[i], &scan);
            int rank = scan.rank && fixed ? scan.rank + 2 : scan.rank; /* a fixed profile's match is fixed, too */
            if (r == 0 && rank > best_rank) {
                best = arena_strdup(m->arena, name);
                best_rank = rank;
                if (ret_origin)
                    *ret_origin = (struct origin){ scan.file, scan.line };
            }
            if (r == 0)
                r = best ? strv_add(&shadowed, names.v[i]) : -ENOMEM;
        }
        if (r < 0)
            return r;
    }
    *ret_name = best;
    return 0;
}
