/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patterns for absolute paths: "*" and "?" and "[a-z]" within one component, "**" as a whole component for any number of them,
 * "\" before a character that is meant literally. */
#ifndef AGENTJAIL_BASE_NAME_PATTERN_H
#define AGENTJAIL_BASE_NAME_PATTERN_H

#include <stdbool.h>

#include "base/buf.h"

/* What a pattern says of a path; bits. */
enum name_match {
    NAME_MATCHED = 1 << 0, /* the path, or a directory that it is in, is one of those meant */
    NAME_ABOVE = 1 << 1,   /* below the path there may be one, and it has begun to be what the pattern writes out */
    NAME_AROUND = 1 << 2,  /* below the path there may be one, as below any other that a "**" stands for */
};

/* More "**" than this in one pattern are refused: each multiplies the work of a look. */
enum { NAME_DEEP_MAX = 2 };

/* Look at a path: absolute, without ".", ".." and "//". fold: letters of both cases are alike, what stands at a component's end
 * and a file system may drop (dots, blanks) does not count, and a byte beyond ASCII may be any character. enum name_match. */
unsigned name_pattern_look(const char *pattern, const char *path, bool fold);

/* True if text has something in it that is no literal character of a pattern. */
bool name_pattern_is_glob(const char *text);

/* Append text so that it is meant literally. 0 or -ENOMEM. */
int name_pattern_escape(const char *text, struct buf *out);

/* NULL, or what is wrong with a pattern, for people. */
const char *name_pattern_problem(const char *pattern);

#endif
