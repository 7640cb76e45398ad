/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include <string.h>

bool path_within(const char *path, const char *tree)
{
    size_t len = strlen(tree);
    if (len == 1) /* the root */
        return path[0] == '/';
    return strncmp(path, tree, len) == 0 && (path[len] == '\0' || path[len] == '/');
}
