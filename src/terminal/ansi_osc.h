/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operating system commands (OSC) of the output filter: titles, colours, links, prompt marks. */
#ifndef AGENTJAIL_TERMINAL_ANSI_OSC_H
#define AGENTJAIL_TERMINAL_ANSI_OSC_H

#include "terminal/ansi.h"

/* Judge the command whose bytes between "ESC ]" and its end lie in a->held (no C0 among them), and append it to out
 * with that terminator if it may pass. 0 or -ENOMEM. */
int ansi_osc(struct ansi *a, const char *terminator, struct buf *out);

#endif
