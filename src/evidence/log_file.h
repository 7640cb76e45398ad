/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making the files of a log (logs.h). */
#ifndef AGENTJAIL_EVIDENCE_LOG_FILE_H
#define AGENTJAIL_EVIDENCE_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence/logs.h"

/* Directory of logs below the state directory. */
#define EVIDENCE_DIR "log"

/* The directory of logs below the user's state directory, which must be ours alone; make: also make it. Or -errno. */
int log_file_open_dir(const char *state_dir, bool make);

/* TIME-ID, which all parts' names begin with, of the jail of that id that began at began_ns since 1970. */
void log_file_stem(char ret[static LOGS_NAME_MAX], uint64_t began_ns, const char *id);

/* Make a part that there is not yet, to be appended to, and hold its lock, which tells others that it is being written. A
 * descriptor or -errno. */
int log_file_make(int dir, const char *stem, unsigned part);

#endif
