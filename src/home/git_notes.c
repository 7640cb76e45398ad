/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void git_note(struct strv *list, struct buf *line)
{
    if (line->len)
        (void)strv_take(list, buf_take(line));
}

void git_note_removal(struct git_notes *notes, int r, const char *format, ...)
{
    _cleanup_buf_ struct buf line = { 0 };
    _cleanup_free_ char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        text = NULL;
        return;
    }
    (void)buf_printf(&line, "%s: %s%s", text, r < 0 ? "remove it before you use git there: " : "removed",
                     r < 0 ? strerror(-r) : "");
    git_note(r < 0 ? &notes->warnings : &notes->told, &line);
}

void git_notes_free(struct git_notes *notes)
{
    strv_free(&notes->told);
    strv_free(&notes->warnings);
}
