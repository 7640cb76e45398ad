/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user is told about git when the command has ended. */
#ifndef AGENTJAIL_HOME_GIT_NOTES_H
#define AGENTJAIL_HOME_GIT_NOTES_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/strv.h"

struct git_notes {
    struct strv told;     /* what was done; --quiet leaves it out */
    struct strv warnings; /* what the user has to do before git is used there */
};

/* Append a line to told or warnings; line is taken. Nothing if it is empty; one that memory lacks for is lost. */
void git_note(struct strv *list, struct buf *line);

/* A name that was to be removed (r: 0 or -errno of that): format says which and why, and behind it comes that it was, or in a
 * warning that it is still there. */
void git_note_removal(struct git_notes *notes, int r, const char *format, ...) _printf_(3, 4);

/* Release what notes holds. */
void git_notes_free(struct git_notes *notes);

#define _cleanup_git_notes_ _cleanup_(git_notes_free)

#endif
