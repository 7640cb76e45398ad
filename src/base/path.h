/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Absolute paths as text, without "//", "." components and trailing slash. */
#ifndef AGENTJAIL_BASE_PATH_H
#define AGENTJAIL_BASE_PATH_H

#include <stdbool.h>

/* True if path is tree or lies below it. */
bool path_within(const char *path, const char *tree);

#endif
