/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is a log as it was written? Every record's hash is computed anew, each checkpoint's signature and root, and the last one
 * must say that it is the last. The bytes may be anybody's. */
#ifndef AGENTJAIL_EVIDENCE_VERIFY_H
#define AGENTJAIL_EVIDENCE_VERIFY_H

#include "evidence/crypto.h"
#include "evidence/log_stream.h"

enum verify_result {
    VERIFY_WHOLE,   /* and signed to the end */
    VERIFY_CUT,     /* whole up to record `at`; the rest, or at least the last checkpoint, is missing. Or, `missing` not 0, the
                     * beginning is */
    VERIFY_ALTERED, /* at record `at`, or where that cannot be told in those from `from` to `at` */
};

struct verify {
    enum verify_result result;
    uint64_t records; /* whole ones, in the chain; their number from the log's beginning on */
    uint64_t missing; /* so many of these were in parts that are gone */
    uint64_t signed_records; /* up to the last checkpoint that holds */
    uint64_t from, at;
    const char *why;  /* in words; NULL if whole */
    char id[64];      /* of the jail, as the first checkpoint has it; "" */
    bool has_key;
    uint8_t key[KEY_PUBLIC_SIZE]; /* as the log has it */
};

/* Read a log to its end. key: the only one whose signatures count. 0 with ret filled in, whatever the result, or -errno if it
 * could not be read. */
int verify_log(struct log_stream *log, const uint8_t key[static KEY_PUBLIC_SIZE], struct verify *ret);

#endif
