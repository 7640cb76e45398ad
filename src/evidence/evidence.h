/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of one jail: the monitor tells what happens, and it is kept where the policy says. Never blocks the jail.
 *
 * Life: evidence_begin(), after which events may be told; evidence_open(), when the command runs and there is time to make
 * the file; evidence_flush() each time before the monitor waits; evidence_end(). What cannot be written is lost, and counted
 * in the record itself, or ends the jail (on-full = stop). */
#ifndef AGENTJAIL_EVIDENCE_EVIDENCE_H
#define AGENTJAIL_EVIDENCE_EVIDENCE_H

#include "evidence/chain.h"
#include "evidence/event.h"
#include "evidence/forward.h"
#include "evidence/log_stream.h"
#include "evidence/ocsf.h"

#define EVIDENCE_HOST_MAX 65

/* A checkpoint is made after so many records, or so long after the first that has none yet. */
#define EVIDENCE_CHECKPOINT_RECORDS 10000
#define EVIDENCE_CHECKPOINT_MS 60000

/* How long logs are kept, how large all together may be, and a part of one, unless the policy says otherwise. */
#define EVIDENCE_KEEP_MS (90ULL * 24 * 3600 * 1000)
#define EVIDENCE_SIZE (1ULL << 30)
#define EVIDENCE_ROTATE (64ULL << 20)

struct evidence {
    const struct policy *policy;
    struct ocsf_jail jail;
    char host[EVIDENCE_HOST_MAX];
    bool on;              /* the policy wants a file */
    bool failed;          /* it cannot be written, and on-full = stop: end the jail */
    int dir, file;        /* -1: not open */
    int error;            /* last errno of writing, 0 */
    uint64_t began_ns;    /* since 1970 */
    char stem[LOGS_NAME_MAX]; /* of the parts' names, once there is one */
    unsigned part;            /* the number of the one being written */
    uint64_t part_written, part_full; /* its bytes, and with how many the next one is due */
    uint64_t part_bytes;              /* how many a part has, and */
    uint64_t log_written, log_bytes;  /* all of them together have, and all logs may have */
    bool capped;                      /* it has become as large as it may be */
    struct chain chain;   /* of what was told, */
    struct chain written; /* and of what is in the file */
    struct buf pending;   /* told and not yet written */
    struct forward forward;
    bool queued;          /* something waits there */
    uint64_t lost;        /* records that could not be written, not yet told of */
    uint64_t lost_all;
    uint64_t checked;     /* records that a checkpoint has signed */
    int64_t check_at;     /* ms of CLOCK_MONOTONIC, 0: nothing to sign */
    int64_t retry_at;     /* after a failure: not before */
};

/* Nothing is open: what evidence_end() may be given. */
#define EVIDENCE_EMPTY ((struct evidence){ .dir = -1, .file = -1, .forward = FORWARD_EMPTY })

/* What of the payload's calls is recorded under that policy: its level, or EVIDENCE_OFF where no record is kept. */
enum evidence_level evidence_observes(const struct policy *policy);

/* The jail of that id is about to run under the policy; both outlive e. Opens nothing. */
void evidence_begin(struct evidence *e, const struct policy *policy, const char *id);

/* Connect to where the policy has records sent besides: before the monitor is confined. 0, or -errno with a line in why. */
int evidence_connect(struct evidence *e, struct buf *why);

/* Make the log's file and hold its lock, which tells others that it is being written. 0 or -errno with a line for people
 * in why. */
int evidence_open(struct evidence *e, struct buf *why);

/* Tell of one event; nothing of it is kept that it points to. 0, or -errno if it could not be recorded: the record counts
 * what it has lost by itself, and a caller need do nothing. */
int evidence_record(struct evidence *e, const struct event *event);

/* Write what was told, once the file is open. */
void evidence_flush(struct evidence *e);

/* When evidence_tick() is to be called, in ms of CLOCK_MONOTONIC; 0: not. */
int64_t evidence_next(const struct evidence *e);

/* Do what is due at that time: sign what has not been signed, and write it. */
void evidence_tick(struct evidence *e, int64_t now);

/* Why records are lost now, in words. Static. */
const char *evidence_why_lost(const struct evidence *e);

/* The name of the first part of its log, whether there is one or not. */
void evidence_name(const struct evidence *e, char ret[static LOGS_NAME_MAX]);

/* The log, to be read from its beginning; what is written later can be read, too. *ret_dir, where it lies, is to be closed
 * after it. 0 or -errno. */
int evidence_read(const struct evidence *e, int *ret_dir, struct log_stream *ret);

/* The last checkpoint, and the end. If no file was opened nothing is written. */
void evidence_end(struct evidence *e);

#endif
