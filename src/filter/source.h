/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a filter: its file and what that includes, in the order in which it is read. All of it stands in one
 * stretch of bytes, which is what the cache compares: equal bytes mean an equal filter. */
#ifndef AGENTJAIL_FILTER_SOURCE_H
#define AGENTJAIL_FILTER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "filter/filter.h"

#define SOURCES_MAX 24          /* files, an included one counted each time */
#define SOURCE_DEPTH_MAX 8      /* include within include */
#define SOURCE_BYTES_MAX 65536  /* of one file */
#define SOURCE_NAME_MAX 64      /* of an included filter */

/* One file, as offsets into the text. */
struct source {
    size_t path; /* NUL-terminated */
    size_t start;
    size_t len;
    bool nested; /* follows from filter_request.nested, not from an include line */
};

struct source_set {
    struct buf text;
    struct source sources[SOURCES_MAX];
    size_t n;
};

/* Read request's filter with everything it includes; an include line's file follows the one before it in sources,
 * depth first. 0 or -errno with "file:line: problem, fix" in why. */
int source_set_read(const struct filter_request *request, struct source_set *ret_set, struct buf *why);

/* Release what set holds and make it empty. */
void source_set_free(struct source_set *set);

/* True if the line (without its end) is an include statement; the rest of the line is *ret_rest. */
bool source_line_includes(const char *line, size_t len, const char **ret_rest, size_t *ret_rest_len);

/* Path of the i-th source, for messages. */
static inline const char *source_path(const struct source_set *set, size_t i)
{
    return set->text.data + set->sources[i].path;
}

#define _cleanup_source_set_ _cleanup_(source_set_free)

#endif
