/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/path.h"

#include <string.h>

int path_normalise(struct arena *arena, const char *path, char **ret_path)
{
    if (path[0] != '/')
        return -EINVAL;

    char *out = arena_alloc(arena, strlen(path) + 1);
    if (!out)
        return -ENOMEM;
    size_t len = 0;
    for (const char *p = path; *p;) {
        p += strspn(p, "/");
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.')
            return -ELOOP;
        if (n && !(n == 1 && p[0] == '.')) {
            out[len++] = '/';
            memcpy(out + len, p, n);
            len += n;
        }
        p += n;
    }
    if (len == 0)
        out[len++] = '/';
    out[len] = '\0';
    if (len > PATH_LONGEST)
        return -ENAMETOOLONG;
    *ret_path = out;
    return 0;
}

/* Length of the first component and the slashes before and behind it; 0 at the end. */
static size_t is_dots(const char *p, size_t dots)
{
    if (strspn(p, ".") != dots || (p[dots] != '/' && p[dots] != '\0'))
        return 0;
    return dots + strspn(p + dots, "/");
}

int path_from(struct arena *arena, const char *base, const char *path, char **ret_path)
{
    if (path[0] == '/')
        return path_normalise(arena, path, ret_path);
    if (!base)
        return -ENOENT;

    size_t base_len = strlen(base);
    for (;;) {
        size_t n = is_dots(path, 1);
        if (!n) {
            n = is_dots(path, 2);
            if (!n)
                break;
            while (base_len > 1 && base[base_len - 1] != '/')
                base_len--;
            if (base_len > 1)
                base_len--;
        }
        path += n;
    }
    char *head = arena_strndup(arena, base, base_len);
    char *joined = head ? arena_concat(arena, head, "/", path) : NULL;
    if (!joined)
        return -ENOMEM;
    return path_normalise(arena, joined, ret_path);
}

const char *path_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool name_is_plain(const char *name)
{
    if (!name || !*name || *name == '.' || *name == '-' || strlen(name) > 64)
        return false;
    for (; *name; name++) {
        char c = *name;
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && !strchr("._-@+", c))
            return false;
    }
    return true;
}
