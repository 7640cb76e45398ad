/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "learn/trees.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

/* In a home and on the system: each program has a directory of its own in these. */
static const char *const shared[] = { "/.config", "/.cache", "/.local", "/.local/share", "/.local/state", "/.local/lib",
                                      "/.local/bin" };
static const char *const system_shared[] = { "/var/lib", "/var/cache", "/var/tmp", "/var/www" };

static bool is_shared(const char *below_home)
{
    for (size_t i = 0; i < ELEMENTSOF(shared); i++)
        if (strcmp(shared[i], below_home) == 0)
            return true;
    return false;
}

bool trees_is_broad(const char *path, const char *home)
{
    size_t len = home ? strlen(home) : 0;
    if (!strchr(path + 1, '/'))
        return true;
    for (size_t i = 0; i < ELEMENTSOF(system_shared); i++)
        if (strcmp(system_shared[i], path) == 0)
            return true;
    if (!home || !path_within(path, home))
        return home && path_within(home, path);
    return !path[len] || is_shared(path + len);
}

static size_t enough(const char *dir, const char *home)
{
    const char *below = home && path_within(dir, home) ? dir + strlen(home) : "";
    return *below && below[1] != '.' && !strchr(below + 1, '/') ? TREES_TOGETHER_OWN : TREES_TOGETHER;
}

/* "v18", "20.11.1", "jdk-21.0.1", "foo_1.2" */
static bool is_version(const char *name, size_t len)
{
    size_t i = 0, digits = 0, dots = 0;
    for (size_t k = len; k-- > 1;) /* what is behind the last sign that a number follows */
        if ((name[k - 1] == '-' || name[k - 1] == '_') && isdigit((unsigned char)name[k])) {
            i = k;
            break;
        }
    bool marked = i == 0 && name[0] == 'v';
    for (i += marked; i < len && (isdigit((unsigned char)name[i]) || name[i] == '.'); i++) {
        digits += name[i] != '.';
        dots += name[i] == '.';
    }
    return i == len && digits && (dots || marked);
}

/* Names that a program makes up: "tmp.X8fJ2k", "a81bc81b-dead-4e5d-abff-90865d1e13b1", "0f1e2d3c4b" */
static bool is_temporary(const char *name, size_t len)
{
    size_t hex = 0, digits = 0, other = 0;
    for (size_t i = 0; i < len; i++) {
        digits += isdigit((unsigned char)name[i]) != 0;
        if (isxdigit((unsigned char)name[i]))
            hex++;
        else if (name[i] != '-' && name[i] != '_')
            other++;
    }
    bool made_up = !other && hex >= 8 && digits && digits < hex;
    bool said = (len > 4 && strncmp(name, "tmp", 3) == 0 && (digits || name[3] == '.')) ||
                (len > 5 && (strncmp(name, ".tmp", 4) == 0 || strncmp(name + len - 4, ".tmp", 4) == 0));
    return made_up || said;
}

size_t trees_lasting(const char *path, const char *home, bool is_dir)
{
    size_t whole = strlen(path);
    for (const char *p = path; *p == '/';) {
        const char *name = p + 1;
        size_t n = strcspn(name, "/");
        bool last = !name[n];
        bool passing = is_temporary(name, n) || ((!last || is_dir) && is_version(name, n));
        _cleanup_free_ char *before = passing && p > path ? strndup(path, (size_t)(p - path)) : NULL;
        if (before && !trees_is_broad(before, home))
            return (size_t)(p - path);
        p = name + n;
    }
    return whole;
}

/* As a tree: '/' before every other byte, so that what a directory holds stands directly behind it. */
static int by_tree(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    unsigned char p = *x == '/' ? 1 : (unsigned char)*x, q = *y == '/' ? 1 : (unsigned char)*y;
    return *x && *y ? (p > q) - (p < q) : (*x != 0) - (*y != 0);
}

static void drop(struct strv *s, size_t i)
{
    free(s->v[i]);
    s->v[i] = NULL;
}

static void close_gaps(struct strv *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i])
            s->v[n++] = s->v[i];
    s->n = n;
    if (s->v)
        s->v[n] = NULL;
}

/* Sorted, and nothing in it within another. */
static void prune(struct strv *s)
{
    const char *last = NULL;
    if (!s->n)
        return;
    qsort(s->v, s->n, sizeof(*s->v), by_tree);
    for (size_t i = 0; i < s->n; i++) {
        if (last && path_within(s->v[i], last))
            drop(s, i);
        else
            last = s->v[i];
    }
    close_gaps(s);
}

static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

/* How many from i on lie directly in the directory of v[i]; between them others may lie deeper. */
static size_t together(const struct strv *s, size_t i, size_t len)
{
    size_t n = 0;
    for (size_t k = i; k < s->n && strncmp(s->v[k], s->v[i], len + 1) == 0; k++)
        n += directory_length(s->v[k]) == len;
    return n;
}

/* True if a directory has taken the place of what it holds. */
static bool join_once(struct strv *s, const char *home)
{
    bool joined = false;
    for (size_t i = 0; i < s->n; i++) {
        size_t len = directory_length(s->v[i]);
        if (len == 0 || (i && strncmp(s->v[i], s->v[i - 1], len + 1) == 0 && directory_length(s->v[i - 1]) == len))
            continue; /* the root, or one that was looked at */
        _cleanup_free_ char *dir = strndup(s->v[i], len);
        if (!dir || trees_is_broad(dir, home) || together(s, i, len) < enough(dir, home))
            continue;
        s->v[i][len] = '\0';
        joined = true;
        while (i + 1 < s->n && path_within(s->v[i + 1], dir))
            i++;
    }
    return joined;
}

void trees_join(struct strv *paths, const char *home)
{
    prune(paths);
    while (join_once(paths, home))
        prune(paths);
}

size_t trees_own(const char *path, const char *home)
{
    size_t len = strlen(home);
    for (;;) {
        size_t next = len + 1 + strcspn(path + len + 1, "/");
        _cleanup_free_ char *dir = strndup(path, next);
        if (!dir || !path[next] || !is_shared(dir + strlen(home)))
            return next;
        len = next;
    }
}
