/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding a jail's log for the modes that read one. */
#ifndef AGENTJAIL_CLI_LOG_OPEN_H
#define AGENTJAIL_CLI_LOG_OPEN_H

#include "base/buf.h"
#include "evidence/log_stream.h"
#include "profile/request.h"

struct log_file {
    int dir;   /* of the user's logs; -1 if there is none */
    int place; /* the directory that it lies in, if that is named */
    struct log_stream stream;
    struct buf name; /* as people may be told it */
};

#define LOG_FILE_EMPTY ((struct log_file){ .dir = -1, .place = -1, .stream = LOG_STREAM_EMPTY })

/* The log that the mode's argument names: a path (it has a slash, or ends like a log; from that file on), the id of a
 * jail or its beginning, or without one the newest. 0, or the exit status, said why. Release with log_close() in any case. */
int log_open(const struct policy_request *request, struct log_file *ret);

/* Close the descriptors and release the name. */
void log_close(struct log_file *log);

#define _cleanup_log_ _cleanup_(log_close)

#endif
