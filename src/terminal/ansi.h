/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the payload may write to the user's terminal: a streaming filter that lets drawing through and drops what acts
 * on the host (clipboard, printing, reports that type payload-chosen text back, files read by image protocols).
 *
 * The filter does not try to parse as some terminal parses. It composes its output anew from a small language that
 * every terminal reads alike: printable characters, a few C0 controls, and complete 7-bit sequences from the tables in
 * ansi.c, each built from its parsed parts. What is unfinished, malformed or unknown never reaches the terminal, so a
 * difference between its parser and ours can cost drawing, not safety.
 *
 * Sources: ECMA-48, xterm's ctlseqs.txt, the DEC ANSI parser state diagram by Paul Williams, console_codes(4), kitty's
 * keyboard protocol, the OSC 8 hyperlink specification. */
#ifndef AGENTJAIL_TERMINAL_ANSI_H
#define AGENTJAIL_TERMINAL_ANSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define ANSI_HELD_MAX 8192  /* an unfinished sequence longer than this is dropped */
#define ANSI_TITLE_MAX 256  /* bytes of a window title */

/* No pointers inside: lies in memory shared with the process that restores the terminal. */
struct ansi {
    unsigned char state;
    bool utf8;          /* terminal reads UTF-8; else single bytes, where 0x80-0x9f are controls */
    bool string_escape; /* inside a string, the last byte was ESC */
    bool overflow;      /* the sequence is longer than what is held: drop it at its end */
    unsigned char need;     /* UTF-8 continuation bytes still to come */
    unsigned char low, high; /* range of the next one */
    unsigned char digits;   /* length of the number being read in sixel data */
    uint16_t held_len;
    unsigned char held[ANSI_HELD_MAX];

    uint64_t modes;   /* bit n: mode n of the table is not in its initial state */
    unsigned drawing; /* which other drawing state was touched */
    bool keypad, modify_keys, keyboard_set;
    uint16_t other_keys;             /* modifyOtherKeys, as the payload set it last */
    unsigned char keyboard_depth[2]; /* kitty keyboard entries pushed: main, alternate screen */
    uint64_t queries;                /* sequences let through that the terminal answers */
};

/* Start in the ground state. */
void ansi_init(struct ansi *a, bool utf8);

/* Append to out what of the n bytes at in may reach the terminal. Only an unfinished sequence or character is held back
 * for the next call. 0 or -ENOMEM (the stream is then incomplete: end it). */
int ansi_filter(struct ansi *a, const char *in, size_t n, struct buf *out);

/* End of the stream: append what closes it. What was held of an unfinished sequence is dropped. 0 or -ENOMEM. */
int ansi_end(struct ansi *a, struct buf *out);

/* Append what suspends the payload's drawing for text of our own: cursor, colours and origin are saved, keys come as plain
 * bytes, nothing reports, and the screen is the alternate one. *ret_alternate: the payload's is, too, so that what is written
 * now stands over it. What is known of the payload's modes stays. 0 or -ENOMEM. */
int ansi_pause(const struct ansi *a, bool *ret_alternate, struct buf *out);

/* Append what undoes ansi_pause(), to the modes that the payload had set; 0 or -ENOMEM. */
int ansi_resume(const struct ansi *a, struct buf *out);

/* Append the sequences that put the terminal back. Always the modes that make it type into the shell (mouse, focus,
 * paste, key encodings); with all also what only changes drawing (alternate screen, hidden cursor, colours): for a
 * payload that was killed and had no chance to do so itself. Call after ansi_end. 0 or -ENOMEM. */
int ansi_reset(struct ansi *a, bool all, struct buf *out);

#endif
