/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --info-fd and --json-status-fd tell. */
#ifndef AGENTJAIL_BWRAP_STATUS_H
#define AGENTJAIL_BWRAP_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* The object about a process that has just been cloned: its pid and the ids of its namespaces, those among CLONE_NEW*
 * in spaces. lines: over several lines, as --info-fd has it. 0 or -ENOMEM. */
int status_child(pid_t pid, uint64_t spaces, bool lines, struct buf *out);

/* The object about its end. 0 or -ENOMEM. */
int status_exit(int code, struct buf *out);

/* Write all of text. 0 or -errno. */
int status_write(int fd, const struct buf *text);

#endif
