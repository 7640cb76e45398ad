/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An event as OCSF 1.3 has it (https://schema.ocsf.io/1.3.0): which class and activity it is and where each field goes is the
 * table in ocsf.c, and for people agentjail-events(5). */
#ifndef AGENTJAIL_EVIDENCE_OCSF_H
#define AGENTJAIL_EVIDENCE_OCSF_H

#include "base/buf.h"
#include "evidence/event.h"

#define OCSF_VERSION "1.3.0"

/* What all records of a log have in common; not owned. */
struct ocsf_jail {
    const char *id;
    const char *host;    /* name of this host */
    const char *profile;
    const char *level;   /* how much of files and programs is in it: "off", "changes", "writes", "all"; NULL: not said */
};

/* The fields of a checkpoint, in hex. */
struct ocsf_checkpoint {
    uint64_t count; /* records before it */
    const char *root, *key;
    bool final; /* nothing comes behind it */
    unsigned part;        /* over 1: it begins this part of the log, and has what is needed to go on from there: */
    const char *previous; /* the hash of the record before, */
    const char *const *peaks; /* and what the tree is so far (struct merkle), up to NULL */
};

/* Append one record, all of it but the end: the last object, "unmapped", is open and has a member. sequence: its number,
 * from 1. checkpoint: NULL, or what an EVENT_INTEGRITY has. 0 or -ENOMEM. */
int ocsf_write(struct buf *out, const struct ocsf_jail *jail, const struct event *event, uint64_t sequence,
               const struct ocsf_checkpoint *checkpoint);

/* Words for kind, activity, verdict and source, as records and filters have them. */
extern const char *const event_activity_names[ACTIVITIES];
extern const char *const event_kind_names[EVENT_KINDS];
extern const char *const event_verdict_names[EVENT_VERDICTS];
extern const char *const event_source_names[EVENT_SOURCES];

#endif
