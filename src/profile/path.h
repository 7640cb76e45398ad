/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as text. Nothing here looks at the file system. */
#ifndef AGENTJAIL_PROFILE_PATH_H
#define AGENTJAIL_PROFILE_PATH_H

#include <stdbool.h>

#include "profile/arena.h"

/* Longest path without its NUL, PATH_MAX - 1. */
enum { PATH_LONGEST = 4095 };

/* An absolute path without "//", "." components and trailing slash. -EINVAL when it is relative, -ELOOP when it has a
 * ".." component (whose meaning depends on symlinks), -ENAMETOOLONG. The result belongs to the arena. */
int path_normalise(struct arena *arena, const char *path, char **ret_path);

/* As path_normalise(), but a relative path is taken from base, which must be absolute and free of symlinks: leading
 * ".." components then have one meaning only and are accepted. base NULL: relative paths give -ENOENT. */
int path_from(struct arena *arena, const char *base, const char *path, char **ret_path);

/* The part behind the last slash. */
const char *path_basename(const char *path);

/* True for the name of a user, profile, include or filter: letters, digits, "._-@+", not beginning with '.' or '-', at
 * most 64 bytes. NULL is none. */
bool name_is_plain(const char *name);

#endif
