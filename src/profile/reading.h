/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles as files, for the modes that list, show and check them: read, but not made into a policy. */
#ifndef AGENTJAIL_PROFILE_READING_H
#define AGENTJAIL_PROFILE_READING_H

#include "profile/load.h"
#include "profile/request.h"

struct reading {
    struct policy_host host;
    struct policy policy;
    struct merge m;
    struct load load;
};

/* Open the directories of profiles. 0 or -errno with a message in why, as all functions below. The reading must not be
 * moved: its parts point to each other. */
int reading_open(struct reading *r, const struct policy_request *request, struct buf *why);

/* Release all that the reading holds; what it has given out (strings, policy) is gone with it. */
void reading_close(struct reading *r);

/* --- which there are --- */

struct profile_entry {
    const char *name, *file;
    enum layer layer;
    const char *description; /* NULL: none */
    struct strv match;
    const char *shadowed_by; /* the file that is taken instead, NULL: this one is */
    bool fixed;              /* a ceiling keeps the user's file of this name from being taken */
    char *mistake;           /* why it cannot be read, NULL: it can. Values are not looked at */
};

struct profile_entries {
    struct profile_entry *v; /* by name, then in the order in which they are looked for */
    size_t n, size;
};

/* All profiles of all directories; strings belong to the reading. Reads the ceilings first. 0 or -errno. */
int reading_list(struct reading *r, struct profile_entries *ret);

/* Release the list; its strings belong to the reading. */
void profile_entries_free(struct profile_entries *list);

/* --- what one comes to --- */

/* Read a profile with all it includes and its drop-ins; ret_settings is what is in force in the end, by section, in the
 * order written, values as written. Reads the ceilings first. 0 or -errno. */
int reading_merged(struct reading *r, const char *name, struct settings *ret_settings);

/* --- mistakes --- */

struct mistake {
    unsigned line; /* 0: the file as a whole */
    char *text;    /* "file:line: key: problem; fix", as a run would say it */
};

struct mistakes {
    struct mistake *v;
    size_t n, size;
};

/* Read a file as a run would, its owner and mode looked at, and find all mistakes in it. */
int reading_check_file(struct reading *r, const char *path, enum file_kind kind, struct mistakes *ret);

/* Find all mistakes in the text of a file, and of what it includes (there the first of each). 0, however many there are, or
 * -ENOMEM. */
int reading_check(struct reading *r, const char *file, enum file_kind kind, const char *text, size_t len,
                  struct mistakes *ret);

/* Release the list and its texts. */
void mistakes_free(struct mistakes *list);

#define _cleanup_reading_ _cleanup_(reading_close)

#endif
