/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/load.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "profile/ceiling_words.h"
#include "profile/dropins.h"
#include "profile/file.h"
#include "profile/frame.h"
#include "profile/path.h"
#include "profile/reader.h"

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
    int r = reader_parse(file, text, len, frame_take, &f, m->why);
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
    return frame_include(&top, s);
}

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* What editors and package managers leave beside a file, and what people call a file that is not to count. */
static bool left_aside(const char *name)
{
    static const char *const ends[] = { "~", ".bak", ".orig", ".rej", ".old", ".tmp", ".swp", ".dpkg-old", ".dpkg-dist",
                                        ".dpkg-new", ".dpkg-bak", ".dpkg-tmp", ".dpkg-remove", ".ucf-old", ".ucf-dist",
                                        ".ucf-new", ".rpmsave", ".rpmnew", ".rpmorig", ".pacnew", ".pacsave", ".pacorig",
                                        ".apk-new", ".disabled", ".off", ".example", ".sample", ".md" };
    bool aside = strncasecmp(name, "readme", strlen("readme")) == 0;
    for (size_t i = 0; i < ELEMENTSOF(ends) && !aside; i++)
        aside = ends_in(name, ends[i]);
    return aside;
}

/* Who writes 10-ours.conf believes to be protected: a ceiling is never left out, not by its name either. */
static int check_others(struct merge *m, const char *path, const struct strv *others)
{
    for (size_t i = 0; i < others->n; i++) {
        const char *name = others->v[i];
        if (left_aside(name))
            continue;
        if (ends_in(name, ".ini"))
            (void)buf_printf(m->why, "%s/%s: is a directory; a ceiling is a file: move its files up, or rename it", path, name);
        else
            (void)buf_printf(m->why, "%s/%s: a ceiling's name ends in \".ini\": rename it, or, if it is not to hold, to "
                             "%s.disabled", path, name, name);
        return -EINVAL;
    }
    return 0;
}

int load_ceilings(struct load *l)
{
    struct merge *m = l->m;
    const char *path = arena_concat(m->arena, m->host->system_dir, "/policy.d", NULL);
    if (!path)
        return -ENOMEM;
    _cleanup_close_ int fd = -1;
    _cleanup_strv_ struct strv names = { 0 }, others = { 0 };
    int r = config_dir_open(m, path, false, &fd);
    if (r < 0 || fd < 0 || (r = config_dir_list(m, fd, path, &names, &others)) < 0 ||
        (r = check_others(m, path, &others)) < 0)
        return r;
    for (size_t i = 0; i < names.n; i++) {
        struct frame f = {
            .load = l, .kind = FILE_CEILING, .layer = LAYER_CEILING, .dir = N_PROFILE_DIRS, .out = &m->ceilings
        };
        f.file = arena_concat(m->arena, path, "/", names.v[i]);
        r = f.file ? frame_read(&f, fd, names.v[i], false) : -ENOMEM;
        if (r == -ENOENT) { /* a dangling symlink: a ceiling is never left out */
            (void)buf_printf(m->why, "%s: cannot be read: it does not exist; remove the link", f.file);
            return r;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

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
    r = *ret_name ? frame_read(f, AT_FDCWD, file, false) : -ENOMEM;
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
            r = frame_read_named(&f, dir, name, false);
        if (r == -ENOENT)
            return frame_missing(l, NULL, NULL, name);
    }
    if (r < 0)
        return r;
    m->policy->name = arena_strdup(m->arena, name);
    m->policy->profile_origin = (struct origin){ f.file, 1 };
    m->policy->fixed = f.fixed;
    return m->policy->name ? dropins_read(l, name, f.fixed) : -ENOMEM;
}
