/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/match.h"

#include <fnmatch.h>
#include <string.h>

#include "profile/ceiling_words.h"
#include "profile/file.h"
#include "profile/path.h"
#include "profile/reader.h"

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

int match_profile(struct load *l, const char *basename, const char **ret_name, struct origin *ret_origin)
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
        int r = config_dir_list(m, l->dirs[dir].fd, l->dirs[dir].path, &names, NULL);
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
