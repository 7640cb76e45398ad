/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a log comes to: which files, programs and places there were, and what was denied, each once with a count. Made from the
 * records alone, which anybody may have altered, and bounded, whatever is in them. */
#ifndef AGENTJAIL_EVIDENCE_REPORT_H
#define AGENTJAIL_EVIDENCE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strv.h"
#include "evidence/json_read.h"
#include "evidence/log_stream.h"

/* Rows of a table that are kept; of others only the number. */
enum { REPORT_ROWS_MAX = 5000, REPORT_HASH_TEXT = 65 };

enum report_table {
    REPORT_FILES,    /* made, written, removed: subject is the path */
    REPORT_READ,     /* opened to be read: likewise */
    REPORT_PROGRAMS, /* subject: the program, detail: its command line */
    REPORT_PLACES,   /* subject: HOST:PORT, detail: protocol */
    REPORT_DENIED,   /* subject: what was tried, detail: why not */
    REPORT_NOTES,    /* fences, limits, alerts, the record itself: subject is which, detail in words */
    REPORT_TABLES,
};

/* What has become of a file, as bits. */
enum { REPORT_CREATED = 1, REPORT_WRITTEN = 2, REPORT_REMOVED = 4, REPORT_RENAMED = 8, REPORT_CHANGED = 16 /* mode, times */ };

/* Strings are as the log has them, any bytes but NUL; NULL: none. */
struct report_row {
    char *subject, *detail, *rule, *fix;
    char before[REPORT_HASH_TEXT], after[REPORT_HASH_TEXT]; /* SHA-256 of a file's content in hex, "": not known */
    unsigned changes;     /* of a file */
    bool observed;        /* nothing of it is verified */
    uint64_t count;       /* how often */
    uint64_t sent, received;
    uint32_t hash;        /* internal */
};

struct report {
    struct {
        struct report_row *v; /* in the order of their first record, or as report_sort() has them */
        size_t n, size;
        uint64_t more; /* records that found no room */
    } tables[REPORT_TABLES];
    uint32_t *index; /* internal */
    char *id, *profile, *host, *cwd, *level, *ended_by;
    struct strv argv;
    uint64_t began_ns, ended_ns; /* since 1970; 0: not known */
    bool has_status;
    uint64_t status;
    uint64_t records, strange; /* lines that are none */
};

/* Take in all lines of log, from where it stands, but those about which passes says no (NULL: all; what begins and ends a jail
 * always is). 0 or -errno; what was read until then counts. Release with report_free(). */
int report_read(struct report *report, struct log_stream *log,
                bool (*passes)(const void *context, const struct json_line *record), const void *context);

/* Take in one record. 0 or -ENOMEM. */
int report_take(struct report *report, const struct json_line *record);

/* Order the tables for people: files and programs by name, places by bytes, what was denied by number. */
void report_sort(struct report *report);

/* Release all of it, and make it empty. */
void report_free(struct report *report);

/* What becomes of a report. */
enum report_form { REPORT_TEXT, REPORT_HTML, REPORT_JSON };

/* The form that a file's name asks for: .html and .htm, .json, else text. */
enum report_form report_form_of(const char *name);

/* Append it; file: where the log is, integrity: in words, whether it is whole (each NULL: left out). Whatever the log holds
 * comes out harmless: text on its own line and safe for a terminal, HTML without an element or address of its own. 0 or
 * -ENOMEM. */
int report_print(const struct report *report, enum report_form form, const char *file, const char *integrity, struct buf *out);

/* The same, each by itself; text: lines of the table are cut after max_rows (0: all are there). */
int report_text(const struct report *report, const char *file, const char *integrity, size_t max_rows, struct buf *out);
int report_html(const struct report *report, const char *file, const char *integrity, struct buf *out);
int report_json(const struct report *report, const char *file, const char *integrity, struct buf *out);

/* Words for people that the forms share; each appends to out. Changes of a file ("created, written"); bytes ("1.2 MB"); the
 * command as one line; how long it took; how it ended. 0 or -ENOMEM. */
int report_changes(struct buf *out, unsigned changes);
int report_bytes(struct buf *out, uint64_t bytes);
int report_command(struct buf *out, const struct report *report);
int report_duration(struct buf *out, const struct report *report);
int report_ending(struct buf *out, const struct report *report);

/* Text on one line: what would end it or act on a terminal is written as \ooo, a backslash twice. 0 or -ENOMEM. */
int report_line(struct buf *out, const char *text);

/* What was not looked at, in words: of files, reads and programs, by the level; NULL: all was. */
const char *report_gap(const struct report *report, enum report_table table);

/* True unless nothing of that table was looked at. */
bool report_is_known(const struct report *report, enum report_table table);

#endif
