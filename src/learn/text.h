/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A learned profile as text. Paths are any bytes, and a hostile program's choice: what a line of a profile cannot carry exactly
 * as it is stands in a comment, escaped, and no byte of it makes a line, a key, a section or a variable. Pure. */
#ifndef AGENTJAIL_LEARN_TEXT_H
#define AGENTJAIL_LEARN_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strv.h"

/* What was learned; NULL and empty: nothing of it. Paths are absolute; every list without what the profile has already. */
struct learned {
    const char *name;        /* of the profile */
    char *const *command;    /* up to NULL */
    const char *home;        /* of the user, which paths below are named by; or NULL */
    const char *end;         /* why the run was no whole one, in words of ours; NULL: it was */
    uint64_t time;           /* seconds since 1970 */
    bool persistent;         /* a home that is kept */
    bool git;                /* git = identity */
    bool network;            /* mode = filtered */
    bool exec_workspace, exec_tmp, exec_home;
    struct strv includes;
    struct strv reads, runs, imports, hides; /* paths */
    struct strv hosts;                       /* rules */
    struct strv closed;      /* paths that were needed and are not granted, for what they are */
    struct strv refused;     /* paths that it would have written */
    struct strv denied_hosts; /* rules that would allow what was refused */
};

/* Lines of a list that are written, of others only the number. */
enum { LEARNED_LINES_MAX = 400, LEARNED_TOLD_MAX = 40 };

/* May the value stand behind "key = " and be read as just that, but for variables? */
bool learn_carries(const char *value);

/* Append a whole profile to out, or, with old, the text of the one that is to be widened, that with what is new behind it:
 * every line of old stays, but for those of home, git and mode where they are too narrow, which are changed. *ret_n: how many
 * grants are new. 0, -ENOMEM, or -EINVAL if old cannot be read. */
int learn_text(const struct learned *what, const struct buf *old, struct buf *out, size_t *ret_n);

#endif
