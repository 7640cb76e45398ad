/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bubblewrap's messages: programs look for them on standard error. */
#ifndef AGENTJAIL_BWRAP_MESSAGE_H
#define AGENTJAIL_BWRAP_MESSAGE_H

#include "bwrap/args.h"
#include "jail/view.h"

/* One line on standard error: "bwrap: " and text, with the level before it if --level-prefix was given. */
void bwrap_say(const struct bwrap_args *args, const char *text);

/* What a failed view means in bubblewrap's words. */
int bwrap_describe(const struct view *view, int error, struct buf *out);

#endif
