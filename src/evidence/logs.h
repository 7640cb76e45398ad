/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The logs that a user's jails have left, in one directory: files TIME-ID.jsonl, and the further parts of a long one,
 * TIME-ID.2.jsonl and so on. */
#ifndef AGENTJAIL_EVIDENCE_LOGS_H
#define AGENTJAIL_EVIDENCE_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"

/* How large a name is at most, and what it ends with. */
#define LOGS_NAME_MAX 80
#define LOGS_SUFFIX ".jsonl"

/* The name of a part (from 1) of the log TIME-ID. False if it is too long. */
bool logs_part_name(char ret[static LOGS_NAME_MAX], const char *stem, unsigned part);

/* The number of the part that has this name (without directories), and TIME-ID in ret_stem. 0: it is no log's, or too long. */
unsigned logs_part(const char *name, char ret_stem[static LOGS_NAME_MAX]);

/* Names of all logs in the directory, the oldest first, parts in their order. 0 or -errno. */
int logs_list(int dir, struct strv *ret);

/* Which of them is of the jail of that id, or of one that begins so; id NULL: the newest. Of several parts it is the first that
 * there is. -ENOENT if there is none, -EEXIST if
 * several begin so. */
int logs_find(const struct strv *names, const char *id, const char **ret_name);

/* Remove logs, with all their parts, that are older than keep_ms, and of the rest the oldest ones as long as all together are
 * larger than max_bytes; never one that is being written. own, TIME-ID of the caller's, counts and stays. */
void logs_sweep(int dir, uint64_t keep_ms, uint64_t max_bytes, const char *own);

/* The id in a log's name, into text of size bytes; "" if it has none. */
void logs_id(const char *name, char *text, size_t size);

/* True while its jail's monitor writes it. */
bool logs_is_open(int fd);

#endif
