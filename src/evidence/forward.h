/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records sent on, as they are written, to a service of this host: the journal, syslog, a program that listens at a socket or
 * sits behind a descriptor. Never waits: what the other side does not take in time is dropped from a bounded queue, and
 * counted. */
#ifndef AGENTJAIL_EVIDENCE_FORWARD_H
#define AGENTJAIL_EVIDENCE_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { FORWARD_QUEUE_MAX = 4 << 20 }; /* bytes */

enum forward_form {
    FORWARD_LINES,   /* a stream of lines */
    FORWARD_PACKETS, /* a line a datagram */
    FORWARD_SYSLOG,  /* RFC 5424, a datagram each */
    FORWARD_JOURNAL, /* systemd's native protocol, a datagram each */
};

struct forward {
    int fd; /* -1: nowhere */
    enum forward_form form;
    struct buf queue; /* FORWARD_LINES: bytes that were not taken yet */
    size_t sent;      /* of these */
    uint64_t dropped; /* records, not yet told of in the record */
};

/* What a record is to be called by whoever takes it. */
struct forward_facts {
    const char *id, *host;
    unsigned severity; /* OCSF's severity_id */
};

#define FORWARD_EMPTY ((struct forward){ .fd = -1 })

/* Is it "journal", "syslog", "unix:/PATH" or "fd:NUMBER"? */
bool forward_valid(const char *where);

/* Connect. A descriptor that was inherited is opened anew or taken over. 0, or -errno with a line for people in why. */
int forward_open(struct forward *f, const char *where, struct buf *why);

/* Send one record (a line without its newline), or queue it, or drop it. */
void forward_record(struct forward *f, const char *line, size_t len, const struct forward_facts *facts);

/* Try to send what is queued; true if something is left. */
bool forward_flush(struct forward *f);

void forward_close(struct forward *f);

#endif
