/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/entries.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

void entries_free(struct entries *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->v[i].path);
        free(list->v[i].text);
    }
    free(list->v);
    strv_free(&list->run_allowed);
    strv_free(&list->run_denied);
    *list = (struct entries){ 0 };
}

static bool makes_place(enum entry_kind kind)
{
    return kind == ENTRY_ACCESS || kind == ENTRY_HOME || kind == ENTRY_SCRATCH || kind == ENTRY_OVERLAY ||
           kind == ENTRY_PROC || kind == ENTRY_DEV;
}

const struct entry *entries_enclosing(const struct entries *list, size_t n, const char *path, bool self)
{
    const struct entry *best = NULL;
    size_t best_len = 0;

    for (size_t i = 0; i < n; i++) {
        const struct entry *e = &list->v[i];
        if (!makes_place(e->kind) || !path_within(path, e->path))
            continue;
        size_t len = strlen(e->path);
        if (!self && strcmp(e->path, path) == 0)
            continue;
        if (len >= best_len) {
            best = e;
            best_len = len;
        }
    }
    return best;
}

const struct entry *entries_writable_around(const struct entries *list, const char *path)
{
    for (size_t i = 0; path_within(path, "/dev") && i < list->n; i++) {
        const struct entry *e = &list->v[i];
        if (e->kind == ENTRY_DEVICE && S_ISDIR(e->st.st_mode) && path_within(path, e->path) && strcmp(path, e->path) != 0)
            return e;
    }
    const struct entry *up = entries_enclosing(list, list->n, path, false);
    while (up && up->kind == ENTRY_ACCESS && up->access == ACCESS_NONE) /* exec alone: as wide as what is around it */
        up = entries_enclosing(list, list->n, up->path, false);
    return up && up->kind == ENTRY_ACCESS && up->access == ACCESS_WRITE ? up : NULL;
}

bool entries_exec_granted(const struct entries *list, const char *path)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct entry *e = &list->v[i];
        if ((e->kind == ENTRY_EXEC || e->exec) && path_within(path, e->path))
            return true;
    }
    return false;
}

struct entry *entries_find(struct entries *list, enum entry_kind kind, const char *path)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].kind == kind && strcmp(list->v[i].path, path) == 0)
            return &list->v[i];
    return NULL;
}

struct entry *entries_at(struct entries *list, enum entry_kind kind, char *path, const struct origin *origin)
{
    if (!path)
        return NULL;
    struct entry *old = entries_find(list, kind, path);
    if (old) {
        free(path);
        return old;
    }
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 32;
        struct entry *v = reallocarray(list->v, size, sizeof(*v));
        if (!v) {
            free(path);
            return NULL;
        }
        list->v = v;
        list->size = size;
    }
    struct entry *e = &list->v[list->n++];
    *e = (struct entry){ .kind = kind, .path = path, .origin = *origin };
    return e;
}

void entries_drop(struct entries *list, size_t i)
{
    free(list->v[i].path);
    free(list->v[i].text);
    list->v[i] = list->v[--list->n];
}

/* Parents before children: '/' counts as the smallest byte. */
static int compare_paths(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned ca = *a == '/' ? 1 : *a ? (unsigned char)*a + 2U : 0;
    unsigned cb = *b == '/' ? 1 : *b ? (unsigned char)*b + 2U : 0;
    return (ca > cb) - (ca < cb);
}

static int compare_entries(const void *va, const void *vb)
{
    const struct entry *a = va;
    const struct entry *b = vb;
    /* The root itself is "/" and would sort behind "/a" by the rule above only if lengths were ignored. */
    int c = compare_paths(a->path[1] ? a->path : "", b->path[1] ? b->path : "");
    return c ? c : (int)a->kind - (int)b->kind;
}

void entries_sort(struct entries *list)
{
    qsort(list->v, list->n, sizeof(*list->v), compare_entries);
}
