/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which records of a log are shown: --kind, --path, --host, --verdict, --since, --until. */
#ifndef AGENTJAIL_CLI_LOG_FILTER_H
#define AGENTJAIL_CLI_LOG_FILTER_H

#include "evidence/json_read.h"
#include "profile/request.h"

struct log_filter {
    const char *kinds;   /* words with commas between, NULL: all; likewise the others */
    const char *path, *host;
    const char *verdict;
    uint64_t since_ns, until_ns;
};

/* From the request's options. 0, or -EINVAL with a line for people in why. */
int log_filter_parse(const struct policy_request *request, struct log_filter *ret, struct buf *why);

/* Does a record pass? */
bool log_filter_passes(const struct log_filter *filter, const struct json_line *record);

/* When it was, in ns since 1970; false if it does not say. */
bool log_time_of(const struct json_line *record, uint64_t *ret_ns);

/* A time as people write one: 2026-11-28, 2026-11-28T10:20[:30][Z] (without Z, local), or 10m (that long ago), to ns since
 * 1970. 0 or -EINVAL. */
int log_time_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns);

#endif
