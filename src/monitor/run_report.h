/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --summary: what a run comes to, told when it has ended, out of its own record. */
#ifndef AGENTJAIL_MONITOR_RUN_REPORT_H
#define AGENTJAIL_MONITOR_RUN_REPORT_H

#include "evidence/report.h"
#include "home/snapshot.h"

struct loop;
struct evidence;

struct run_report {
    const char *file;  /* as it was named; NULL: the standard error output */
    const char *name;  /* of it, in */
    int dir;           /* this directory; -1 without a file */
    struct snapshot before;
};

#define RUN_REPORT_EMPTY ((struct run_report){ .dir = -1 })

/* Before the jail is built, and before the monitor is confined: look at the files, open where the report is to be. 0, or -errno
 * with a line for people in why: then nothing may run. */
int run_report_prepare(struct run_report *r, const char *file, const struct policy *policy, const struct plan *plan,
                       struct buf *why);

/* The second half of that. */
int run_report_open(struct run_report *r, const char *file, struct buf *why);

/* The jail has ended: tell its record what has become of the files. */
void run_report_files(const struct run_report *r, struct loop *l);

/* The record has ended, and is read from log: write the report. */
void run_report_write(const struct run_report *r, const struct loop *l, struct log_stream *log, const char *log_name);

/* Release what it holds. */
void run_report_free(struct run_report *r);

/* Put content where name is in the directory, whatever is there: a link is replaced, not followed. 0 or -errno. */
int run_report_put(int dir, const char *name, const struct buf *content);

#endif
