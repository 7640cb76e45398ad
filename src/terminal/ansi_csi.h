/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control sequences (CSI) of the output filter: which may pass, and what they leave behind in the terminal. */
#ifndef AGENTJAIL_TERMINAL_ANSI_CSI_H
#define AGENTJAIL_TERMINAL_ANSI_CSI_H

#include "terminal/ansi.h"

/* Which drawing state was touched (struct ansi, drawing). */
enum ansi_drawing {
    DRAWING_COLOURS = 1 << 0,
    DRAWING_MARGINS = 1 << 1,
    DRAWING_CHARSET = 1 << 2,
    DRAWING_CURSOR = 1 << 3,
    DRAWING_INSERT = 1 << 4,
};

/* Judge the sequence whose bytes between "ESC [" and final lie in a->held, and append it to out in canonical form if it
 * may pass. 0 or -ENOMEM. */
int ansi_csi(struct ansi *a, unsigned char final, struct buf *out);

/* The length of the control sequence at s if it is one of the commonest, whole within n bytes and in the very form in
 * which ansi_csi() would write it; else 0. For speed only. */
size_t ansi_csi_plain(struct ansi *a, const unsigned char *s, size_t n);

/* The terminal was reset (RIS): nothing is left to put back. */
void ansi_forget(struct ansi *a);

#endif
