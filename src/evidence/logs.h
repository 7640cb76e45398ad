/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The logs that a user's jails have left: files TIME-ID.jsonl in one directory. */
#ifndef AGENTJAIL_EVIDENCE_LOGS_H
#define AGENTJAIL_EVIDENCE_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"

/* Names of all logs in the directory, the oldest first. 0 or -errno. */
int logs_list(int dir, struct strv *ret);

/* Which of them is of the jail of that id, or of one that begins so; id NULL: the newest. -ENOENT if there is none, -EEXIST if
 * several begin so. */
int logs_find(const struct strv *names, const char *id, const char **ret_name);

/* Remove what is older than keep_ms, and of the rest the oldest ones as long as all together are larger than max_bytes; never
 * one that is being written. own, the name of the caller's, counts and stays. */
void logs_sweep(int dir, uint64_t keep_ms, uint64_t max_bytes, const char *own);

/* The id in a log's name, into text of size bytes; "" if it has none. */
void logs_id(const char *name, char *text, size_t size);

/* True while its jail's monitor writes it. */
bool logs_is_open(int fd);

#endif
